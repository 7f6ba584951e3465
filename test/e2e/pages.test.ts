/** The pages in a real browser: every state, at four widths, light and dark. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { look, saying, type WatchedPages, watchPages } from '../support/watched-pages.ts';

const SCHEMES = ['light', 'dark'] as const;
const WIDTHS = [
  { width: 320, height: 640 },
  { width: 375, height: 800 },
  { width: 768, height: 1024 },
  { width: 1440, height: 900 },
];

/** Says this with its stages, which come a moment later: what is over at once has none. */
async function underWay(page: Page, text: string): Promise<void> {
  await saying(page, text);
  await page.locator('body[data-drawn]').waitFor();
}

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
  queued: { path: '/v2/gh/demo/queued/HEAD', until: (page) => underWay(page, '3 builds are before yours') },
  building: {
    path: '/v2/gh/demo/building/main?labpath=notebooks/tides.ipynb',
    until: (page) => underWay(page, 'Installing 12 Python packages as of 10 May 2022'),
  },
  log: {
    path: '/v2/gh/demo/building/main?labpath=notebooks/tides.ipynb',
    async until(page) {
      await underWay(page, 'Installing 12 Python packages as of 10 May 2022');
      await page.locator('#log summary').click();
      await page.locator('.xterm-rows', { hasText: 'xarray' }).waitFor();
    },
  },
  what: {
    path: '/v2/gh/demo/building/main?labpath=notebooks/tides.ipynb',
    async until(page) {
      await underWay(page, 'Installing 12 Python packages as of 10 May 2022');
      await page.locator('#about summary').click();
      await page.locator('.facts').waitFor();
    },
  },
  publishing: {
    path: '/v2/gh/demo/publishing/main',
    until: (page) => underWay(page, 'Publishing the image'),
  },
  over: {
    path: '/v2/gh/demo/over/main?labpath=notebooks/tides.ipynb',
    until: (page) => saying(page, 'This session has ended'),
  },
  ready: {
    path: '/v2/gh/demo/ready/main?labpath=notebooks/tides.ipynb',
    async until(page) {
      await page.locator('#log summary').click();
      await saying(page, 'Your session is ready');
      await page.locator('#log summary').click();
    },
  },
  'session-ending': {
    path: '/user/idle/lab',
    until: (page) => page.locator('button:visible', { hasText: 'Keep it' }).waitFor(),
  },
  'session-old': { path: '/user/old/lab', until: (page) => page.getByText(/^This session ends in 1:/).waitFor() },
  'session-ended': { path: '/user/none/lab', until: (page) => page.getByText('Launch it again').waitFor() },
  failed: {
    path: '/v2/gh/demo/failed/main',
    until: (page) => page.locator('.xterm-rows', { hasText: 'barnacle' }).waitFor(),
  },
  elsewhere: { path: '/v2/gh/demo/elsewhere/main', until: (page) => page.locator('.letter').waitFor() },
};

describe('pages in a browser', () => {
  let pages: WatchedPages;

  beforeAll(async () => {
    pages = await watchPages();
  });
  afterAll(() => pages?.close());

  for (const [state, { path, until }] of Object.entries(STATES))
    it.each(SCHEMES)(`${state}, %s`, async (colorScheme) => {
      const wrong: object[] = [];
      for (const viewport of WIDTHS) {
        const { context, page, complaints } = await pages.open({ viewport, colorScheme });
        await page.goto(pages.service.url + path);
        await until(page);
        await pages.shoot(page, `${state}-${viewport.width}-${colorScheme}`);
        const { shifts, overflow, faults } = await look(page);
        await context.close();
        const isGood = complaints.length + overflow + shifts.length + faults.length === 0;
        if (!isGood) wrong.push({ width: viewport.width, complaints, overflow, shifts, faults });
      }
      expect(wrong).toEqual([]);
    });
});
