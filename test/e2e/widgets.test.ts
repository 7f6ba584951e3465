/** Widgets of several years, moved in a browser: the kernel has to see it. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { inNotebook, openBrowser, outputs, runAll, shoot } from '../support/browser.ts';
import { listen } from '../support/event-stream.ts';
import { runsNow } from '../support/full.ts';
import { notebook } from '../support/notebook.ts';
import { openServed, type Served } from '../support/served.ts';

/** The kernel itself writes what it saw. */
const SLIDER = notebook(
  `import ipywidgets as widgets
from IPython.display import display
slider = widgets.IntSlider(value=3, min=0, max=10, description="tide")
seen = widgets.Label("nothing moved")
def moved(change):
    seen.value = "the kernel saw %d" % change["new"]
slider.observe(moved, "value")
display(slider, seen)`,
);
const FIGURE = notebook(
  `%matplotlib widget
import ipywidgets as widgets
from IPython.display import display
import matplotlib.pyplot as plt
figure, axes = plt.subplots()
axes.plot([1, 2, 3])
seen = widgets.Label("nothing clicked")
def clicked(event):
    seen.value = "the kernel saw a click in %s" % ("the axes" if event.inaxes else "the margin")
figure.canvas.mpl_connect("button_press_event", clicked)
display(seen)`,
);

/** The requirements of another test's environment: it is not built twice. */
const PLAIN = 'six==1.15.0\ncowsay==5.0\n';

let served: Served;
let browser: Browser;

beforeAll(async () => {
  served = await openServed();
  [browser] = await Promise.all([openBrowser(), served.serve([], { SLIPWAY_PYTHONS: 'debian' })]);
});
afterAll(async () => {
  await browser?.close();
  await served?.close();
});

async function opened(date: string, requirements: string, content: string): Promise<Page> {
  const name = `widgets-${date.slice(0, 4)}-${requirements.length}`;
  const { url } = await served.world.repo(name, [
    { date, files: { 'requirements.txt': requirements, 'index.ipynb': content } },
  ]);
  const { id, events } = await served.launch({ repo: url, urlpath: 'lab/tree/index.ipynb' });
  await listen(served.url + events, { limit: 500_000 });
  const { body } = await served.call<{ link?: string }>(`/api/v1/launches/${id}`);
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(body.link ?? '');
  await inNotebook(page);
  await runAll(page);
  return page;
}

const YEARS: [day: string, requirements: string][] = [
  ['2024-03-10', PLAIN],
  ['2019-06-10', 'six\n'],
  ['2021-06-10', 'six\n'],
];

describe('a slider', () => {
  it.each(YEARS.filter(([day]) => runsNow(`a slider of ${day}`)))(
    'of %s is moved, and the kernel sees it',
    async (day, requirements) => {
      const page = await opened(day, requirements, SLIDER);
      const handle = page.locator('.jupyter-widgets .noUi-handle, .jupyter-widgets .ui-slider-handle').first();
      await handle.waitFor({ timeout: 60_000 });
      await handle.focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      await outputs(page, 'the kernel saw 5');
      await shoot(page, `slider-${day}`);
      await page.close();
    },
  );
});

describe.runIf(runsNow('a figure of ipympl'))('a figure of ipympl', () => {
  it.each(['2019-06-10', '2021-06-10', '2024-03-10'])('of %s is clicked, and the kernel sees it', async (day) => {
    const page = await opened(day, 'matplotlib\nipympl\n', FIGURE);
    const canvas = page.locator('.jupyter-matplotlib canvas, .jupyter-matplotlib-canvas-div canvas').last();
    await canvas.waitFor({ timeout: 120_000 });
    await canvas.click();
    await outputs(page, 'the kernel saw a click in the axes');
    await shoot(page, `figure-${day}`);
    await page.close();
  });
});
