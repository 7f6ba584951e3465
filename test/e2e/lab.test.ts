/** A real browser in a real session: what a reader of a paper sees after the click. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { notebook } from '../support/notebook.ts';
import { openWorld, type World } from '../support/world.ts';

const SHOTS = new URL('../../test-results/', import.meta.url).pathname;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];

function chromiumPath(): string {
  return execFileSync('sh', ['-c', 'command -v chromium || command -v chromium-browser'], { encoding: 'utf8' }).trim();
}

describe('JupyterLab in a browser', () => {
  let world: World;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true });
    world = await openWorld();
    browser = await chromium.launch({ executablePath: chromiumPath(), args: FLAGS });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  it('opens the notebook whose page was pasted, runs all of it, has a terminal, and the other ways to open it', async () => {
    const { url } = await world.repo('in-the-browser', [
      {
        date: '2024-03-10',
        files: {
          'requirements.txt': 'six==1.15.0\ncowsay==5.0\n',
          'docs/tide table.ipynb': notebook('import six\nprint("six", six.__version__)', 'sum(range(10)) * 111'),
        },
      },
    ]);
    // As GitLab has a notebook's page in a browser's address bar.
    const pasted = `${url.replace(/\.git$/, '')}/-/blob/main/docs/tide%20table.ipynb`;
    const run = await world.run(['launch', '--detach', '--no-open', pasted]);
    expect(run.exitCode, run.stderr).toBe(0);
    const link = new URL(run.stdout.trim());
    const token = link.searchParams.get('token') ?? '';
    expect(token.length).toBeGreaterThan(40);
    await page.goto(link.href);
    const panel = page.locator('.jp-NotebookPanel:visible');
    await panel.waitFor({ timeout: 60_000 });
    expect(page.url()).not.toContain(token);
    expect(await page.locator('.lm-TabBar-tab.lm-mod-current .lm-TabBar-tabLabel').allTextContents()).toContain(
      'tide table.ipynb',
    );
    // The indicator says idle before the kernel is connected, and what is run until then is lost.
    await page.locator('#jp-main-statusbar', { hasText: /\| Idle/ }).waitFor({ timeout: 60_000 });

    await page.locator('.lm-MenuBar-itemLabel', { hasText: /^Run$/ }).click();
    await page.locator('.lm-Menu-itemLabel', { hasText: /^Run All Cells$/ }).click();
    const outputs = panel.locator('.jp-OutputArea-output');
    await outputs.filter({ hasText: '4995' }).waitFor({ timeout: 60_000 });
    expect((await outputs.allTextContents()).map((text) => text.trim())).toEqual(['six 1.15.0', '4995']);
    await page.screenshot({ path: `${SHOTS}lab-notebook.png` });
    // Nothing asks the reader anything: no news, no certificate, no build.
    expect(await page.locator('.jp-Dialog, .jp-toastContainer [role="alert"]:visible').count()).toBe(0);

    await page.locator('.lm-MenuBar-itemLabel', { hasText: /^File$/ }).click();
    await page.locator('.lm-Menu-itemLabel', { hasText: /^New$/ }).hover();
    await page.locator('.lm-Menu-itemLabel', { hasText: /^Terminal$/ }).click();
    const screen = page.locator('.jp-Terminal:visible .xterm-screen');
    await screen.waitFor({ timeout: 60_000 });
    await screen.click();
    await page.keyboard.type('echo "$((6 * 7)) $(id -un) $PWD" > seen; cat seen\n');
    await page.waitForTimeout(2000);
    await page.screenshot({ path: `${SHOTS}lab-terminal.png` });
    const seen = await fetch(new URL(`/api/contents/seen?token=${token}`, link));
    expect(((await seen.json()) as { content: string }).content.trim()).toBe('42 jovyan /home/jovyan');

    await page.goto(new URL('/doc/tree/docs/tide%20table.ipynb', link).href);
    const alone = page.locator('[data-shell-mode="single-document"] .jp-NotebookPanel:visible');
    await alone.filter({ hasText: 'six.__version__' }).waitFor({ timeout: 60_000 });

    await page.goto(new URL('/tree/docs', link).href);
    const opened = page.waitForEvent('popup');
    await page.locator('.jp-DirListing-item', { hasText: 'tide table.ipynb' }).dblclick({ timeout: 60_000 });
    const own = await opened;
    const there = own.locator('.jp-NotebookPanel:visible', { hasText: 'six.__version__' });
    await there.waitFor({ timeout: 60_000 });
    expect(new URL(own.url()).pathname).toBe('/notebooks/docs/tide%20table.ipynb');
    await own.close();
  });
});
