/// <reference lib="dom" />
/** The pages in a real browser: every state, at three widths, light and dark, with a look at what nobody sees at a glance. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { source as AXE } from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCRIPTS } from '../support/launch-scripts.ts';
import { type ScriptedService, serveScripts } from '../support/scripted-service.ts';

const SHOTS = new URL('../../test-results/pages/', import.meta.url).pathname;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
const SCHEMES = ['light', 'dark'] as const;
const WIDTHS = [
  { width: 375, height: 800 },
  { width: 768, height: 1024 },
  { width: 1440, height: 900 },
];

/** Each state: where it is, and what has to be there before it is looked at. */
const STATES: Record<string, { path: string; until(page: Page): Promise<unknown> }> = {
  empty: { path: '/', until: (page) => page.locator('#example').waitFor() },
  typing: {
    path: '/',
    async until(page) {
      await page
        .locator('#repo')
        .pressSequentially('https://github.com/tides/harmonics/blob/main/notebooks/tides.ipynb');
      await page.locator('.understood .chip').first().waitFor();
    },
  },
  plan: {
    path: '/',
    async until(page) {
      await page.locator('#repo').pressSequentially('gh/demo/building');
      await page.locator('#plan-show').click();
      await page.locator('.facts').waitFor();
    },
  },
  mistyped: {
    path: '/',
    async until(page) {
      await page.locator('#repo').pressSequentially('ftp://example.org/repo');
      await page.locator('.understood[data-kind="bad"]').waitFor();
    },
  },
  refused: { path: '/launch?repo=nonsense', until: (page) => page.locator('[data-kind="bad"]').waitFor() },
  about: { path: '/about', until: (page) => page.locator('h1').waitFor() },
  'not-found': { path: '/nowhere', until: (page) => page.locator('.letter').waitFor() },
  waiting: { path: '/v2/gh/demo/waiting/HEAD', until: (page) => page.locator('body[data-drawn]').waitFor() },
  queued: { path: '/v2/gh/demo/queued/HEAD', until: (page) => saying(page, '3 builds are before yours') },
  building: {
    path: '/v2/gh/demo/building/main?labpath=notebooks/tides.ipynb',
    until: (page) => saying(page, 'Installing 12 Python packages as of 10 May 2022'),
  },
  log: {
    path: '/v2/gh/demo/building/main?labpath=notebooks/tides.ipynb',
    async until(page) {
      await saying(page, 'Installing 12 Python packages as of 10 May 2022');
      await page.locator('#log summary').click();
      await page.locator('.xterm-rows', { hasText: 'xarray' }).waitFor();
    },
  },
  what: {
    path: '/v2/gh/demo/building/main?labpath=notebooks/tides.ipynb',
    async until(page) {
      await saying(page, 'Installing 12 Python packages as of 10 May 2022');
      await page.locator('#about summary').click();
      await page.locator('.facts').waitFor();
    },
  },
  ready: {
    path: '/v2/gh/demo/ready/main?labpath=notebooks/tides.ipynb',
    async until(page) {
      await page.locator('#log summary').click();
      await saying(page, 'Your session is ready');
      await page.locator('#log summary').click();
    },
  },
  failed: {
    path: '/v2/gh/demo/failed/main',
    until: (page) => page.locator('.xterm-rows', { hasText: 'barnacle' }).waitFor(),
  },
  elsewhere: { path: '/v2/gh/demo/elsewhere/main', until: (page) => page.locator('.letter').waitFor() },
};

async function saying(page: Page, text: string): Promise<void> {
  await page.locator('#headline', { hasText: text }).waitFor();
  if (!(text.startsWith('3 ') || text.startsWith('Inst') || text.startsWith('Your'))) return;
  await page.locator('#document-note').waitFor({ state: 'hidden' });
}

/** Sums what moved without anybody having touched anything, as Core Web Vitals count it. */
const OBSERVE = `window.shifts = []; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput && !entry.sources.every(({ node }) => node?.closest?.('.xterm')))
    window.shifts.push({ value: entry.value, nodes: entry.sources.map(({ node }) => node && (node.id || node.className || node.nodeName)) });
}).observe({ type: 'layout-shift', buffered: true });`;

interface Looked {
  shifts: { value: number; nodes: string[] }[];
  overflow: number;
  faults: string[];
}

async function look(page: Page): Promise<Looked> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe, shifts } = window as unknown as {
      axe: { run(where: unknown): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      shifts: Looked['shifts'];
    };
    const { violations } = await axe.run({ exclude: [['iframe'], ['.xterm']] });
    return {
      shifts,
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      faults: violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`),
    };
  });
}

describe('pages in a browser', () => {
  let browser: Browser;
  let service: ScriptedService;

  beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true });
    const path = execFileSync('sh', ['-c', 'command -v chromium || command -v chromium-browser'], { encoding: 'utf8' });
    browser = await chromium.launch({ executablePath: path.trim(), args: FLAGS });
    service = await serveScripts(SCRIPTS);
  });
  afterAll(async () => {
    await browser?.close();
    await service?.close();
  });

  /** A page that notes whatever it asked of anybody else, and every complaint of the browser. */
  async function open(
    options: Parameters<Browser['newContext']>[0],
  ): Promise<{ context: BrowserContext; page: Page; complaints: string[] }> {
    const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(service.url) && !request.url().startsWith('data:'))
        complaints.push(`asked ${request.url()}`);
    });
    page.on('console', (message) => {
      if (message.type() === 'error' && !/status of 404/.test(message.text())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.addInitScript(OBSERVE);
    return { context, page, complaints };
  }

  for (const [state, { path, until }] of Object.entries(STATES))
    it.each(SCHEMES)(`${state}, %s`, async (colorScheme) => {
      const wrong: object[] = [];
      for (const viewport of WIDTHS) {
        const { context, page, complaints } = await open({ viewport, colorScheme });
        await page.goto(service.url + path);
        await until(page);
        await page.screenshot({ path: `${SHOTS}${state}-${viewport.width}-${colorScheme}.png` });
        const { shifts, overflow, faults } = await look(page);
        const where = `${state} at ${viewport.width}, ${colorScheme}`;
        await context.close();
        if (complaints.length + overflow + shifts.length + faults.length > 0)
          wrong.push({ where, complaints, overflow, shifts, faults });
      }
      expect(wrong).toEqual([]);
    });

  const small = { viewport: { width: 320, height: 640 } };

  it.each(Object.keys(STATES))('has room on a screen of 320 px: %s', async (state) => {
    const { context, page } = await open(small);
    await page.goto(service.url + STATES[state]?.path);
    await STATES[state]?.until(page);
    const { overflow } = await look(page);
    await context.close();
    expect(overflow).toBe(0);
  });

  it('is small: one request until the first paint, and less than 100 kB in all', async () => {
    const { context, page } = await open({});
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    const sizes = new Map<string, number>();
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
      sizes.set(requestId, encodedDataLength),
    );
    await page.goto(service.url, { waitUntil: 'networkidle' });
    const blocking = await page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .filter((entry) => (entry as { renderBlockingStatus?: string }).renderBlockingStatus === 'blocking')
        .map(({ name }) => name),
    );
    await context.close();
    expect(blocking).toEqual([]);
    expect(sizes.size).toBeGreaterThan(2);
    expect([...sizes.values()].reduce((sum, size) => sum + size, 0)).toBeLessThan(100_000);
  });

  it('takes the same launch up again after a reload, and begins none twice', async () => {
    const { context, page } = await open({});
    const before = service.begun.length;
    await page.goto(`${service.url}/v2/gh/demo/building/main`);
    await saying(page, 'Installing 12');
    await page.reload();
    await saying(page, 'Installing 12');
    await page.locator('#log-note', { hasText: '47 lines' }).waitFor();
    expect(service.begun.length - before).toBe(1);
    expect(await page.title()).toBe('Building demo/building');
    expect(await page.locator('#favicon').getAttribute('href')).toContain('favicon-busy');
    await context.close();
  });

  it('goes into a session that was there at once, and stays for who comes back', async () => {
    const { context, page } = await open({});
    await context.route('http://127.0.0.1:1/**', (route) =>
      route.fulfill({ body: 'the session', contentType: 'text/plain' }),
    );
    await page.goto(`${service.url}/v2/gh/demo/cached/main?labpath=a.ipynb`);
    await page.waitForURL('http://127.0.0.1:1/user/x/doc/tree/a.ipynb?token=secret');
    await page.goBack();
    await page.locator('#enter').waitFor();
    expect(await page.locator('#aside').textContent()).toBe('It waits for you.');
    expect(service.begun.filter((name) => name === 'cached')).toHaveLength(1);
    await context.close();
  });

  it('hands over after a moment, unless somebody scrolls', async () => {
    const { context, page } = await open({});
    await context.route('http://127.0.0.1:1/**', (route) =>
      route.fulfill({ body: 'the session', contentType: 'text/plain' }),
    );
    const path = `${service.url}/v2/gh/demo/ready/main`;
    await page.goto(path);
    await page.waitForURL('http://127.0.0.1:1/user/x/?token=secret');
    await page.evaluate(() => undefined);
    const other = await context.newPage();
    await other.goto(path);
    await other.mouse.wheel(0, 200);
    await saying(other, 'Your session is ready');
    await other.waitForTimeout(2500);
    expect(other.url()).toBe(path);
    expect(await other.title()).toBe('✓ Ready: demo/ready');
    await context.close();
  });

  it('goes by keyboard alone: from the field to the log', async () => {
    const { context, page } = await open({});
    await page.goto(service.url);
    await page.keyboard.type('gh/demo/building');
    await page.locator('.understood[data-kind="good"]').waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/launch?**');
    await page.goto(`${service.url}/v2/gh/demo/building/main`);
    await saying(page, 'Installing 12');
    await page.locator('#log summary').focus();
    await page.keyboard.press('Enter');
    await page.locator('.xterm-rows', { hasText: 'xarray' }).waitFor();
    await page.locator('#log-search').fill('libgeos-7 ');
    await page.locator('.xterm-rows', { hasText: 'libgeos-7 ' }).waitFor();
    await context.close();
  });

  it('says what it can without JavaScript, and begins nothing by itself', async () => {
    const { context, page } = await open({ javaScriptEnabled: false, viewport: { width: 375, height: 800 } });
    const before = service.begun.length;
    await page.goto(`${service.url}/v2/gh/demo/building/main`);
    await page.screenshot({ path: `${SHOTS}without-script-375-light.png` });
    expect(await page.locator('h1:visible').allTextContents()).toEqual(['Launch demo/building']);
    expect(await page.locator('form[method="post"] button').count()).toBe(1);
    expect(service.begun.length).toBe(before);
    await page.goto(service.url);
    expect(await page.locator('form#ask').getAttribute('action')).toBe('/launch');
    await context.close();
  });

  it('runs nothing of a hostile notebook, in its frame or opened alone', async () => {
    const { context, page, complaints } = await open({});
    await page.goto(`${service.url}/v2/gh/demo/hostile/main`);
    await page.locator('#document-note').waitFor({ state: 'hidden' });
    const frame = page.frames().find((one) => one.url().endsWith('/document'));
    expect(await frame?.locator('h1').textContent()).toBe('Hostile');
    await page.goto(frame?.url() ?? '');
    await page.locator('h1').waitFor();
    await page.waitForTimeout(300);
    expect(complaints.filter((complaint) => complaint.startsWith('asked'))).toEqual([]);
    expect(await page.title()).toBe('hostile.ipynb');
    await context.close();
  });
});
