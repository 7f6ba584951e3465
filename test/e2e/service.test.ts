/** What a reader sees of the built service: from the front page to an executed cell, a build that fails, a reload, a phone. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inNotebook, openBrowser, outputs, runAll, shoot, UNTRUSTED } from '../support/browser.ts';
import { building, DAY } from '../support/builds.ts';
import { listen } from '../support/event-stream.ts';
import { notebook } from '../support/notebook.ts';
import { NONCE } from '../support/scenario.ts';
import { freePorts, openServed, type Served } from '../support/served.ts';

let served: Served;
let browser: Browser;

beforeAll(async () => {
  // With servers that wait, as everybody has them.
  served = await openServed({ SLIPWAY_WARM: '2' });
  [browser] = await Promise.all([openBrowser(), served.serve()]);
});
afterAll(async () => {
  await browser?.close();
  await served?.close();
});

/** A page of its own, and what it complained of or asked of strangers. */
async function open(size: { width: number; height: number }): Promise<{ page: Page; complaints: string[] }> {
  const page = await (await browser.newContext({ viewport: size })).newPage();
  const complaints: string[] = [];
  page.on('request', (request) => {
    const isOwn = [served.url, served.sessionUrl, 'data:', 'blob:'].some((start) => request.url().startsWith(start));
    if (!isOwn) complaints.push(`asked ${request.url()}`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { page, complaints };
}

const launches = async (url: string) => {
  const { body } = await served.call<{ sessions: { repo: string }[] }>('/api/v1/sessions', { asOperator: true });
  return body.sessions.filter(({ repo }) => url.startsWith(repo)).length;
};

const tide = (text: string) => [
  {
    date: DAY,
    files: { 'README.md': `# Tides ${NONCE} ${text}\n`, 'docs/tide table.ipynb': notebook('sum(range(10)) * 111') },
  },
];

describe('a reader', () => {
  it('types a repository, names a file, launches, and runs the notebook', async () => {
    const { url } = await served.world.repo('front', tide('front'));
    const { page, complaints } = await open({ width: 1440, height: 900 });
    await page.goto(served.url);
    await page.locator('#repo').pressSequentially(url);
    await page.locator('.understood .what').waitFor();
    await page.locator('summary', { hasText: 'Branch and file' }).click();
    await page.locator('#path').fill('docs/tide table.ipynb');
    await shoot(page, 'front');
    await page.locator('#repo').press('Enter');
    await inNotebook(page);
    expect(page.url()).toMatch(new RegExp(`^${served.sessionUrl}/user/(front|session)-`));
    expect(page.url()).not.toContain('token');
    await runAll(page);
    await outputs(page, '4995');
    await shoot(page, 'notebook');
    expect(complaints).toEqual([]);

    // Back from the session it is the same launch, and nobody is sent away again. Not by the browser's button: JupyterLab
    // puts pages of its own between.
    await page.goto(`${served.url}/v2/${served.spec(url)}?labpath=docs%2Ftide+table.ipynb`);
    await page.locator('#enter:visible').waitFor({ timeout: 30_000 });
    expect(page.url()).toMatch(new RegExp(`^${served.url}/v2/git/`));
    expect(await launches(url)).toBe(1);
    await page.context().close();
  });

  it('launches again what has ended: from the page of the launch, and from that of the session', async () => {
    const { url } = await served.world.repo('ended', tide('ended'));
    const { page, complaints } = await open({ width: 768, height: 1024 });
    const path = `/v2/${served.spec(url)}`;
    let launch = '';
    page.on('request', (request) => {
      launch = /\/launches\/[0-9a-f]{32}(?=\/events)/.exec(request.url())?.[0] ?? launch;
    });
    const inSession = async () => {
      await page.waitForURL(`${served.sessionUrl}/user/*/**`, { timeout: 60_000 });
      return new URL(page.url()).pathname.split('/')[2] ?? '';
    };
    const stop = () => served.call(`/api/v1${launch}`, { method: 'DELETE' });
    await page.goto(served.url + path);
    const first = await inSession();
    expect((await stop()).status).toBe(204);

    await page.goto(served.url + path);
    await page.locator('#headline', { hasText: 'This session has ended' }).waitFor({ timeout: 10_000 });
    await shoot(page, 'ended');
    expect(await page.locator('#enter').isVisible()).toBe(false);
    await page.locator('#again', { hasText: 'Launch it again' }).click();
    const second = await inSession();
    expect(second).not.toBe(first);

    // Nobody told the service of this end, and it is seen at once.
    await served.world.docker.getContainer(`slipway-${second}`).remove({ force: true });
    await page.goto(`${served.sessionUrl}/user/${second}/lab`);
    await page.locator('a', { hasText: 'Launch it again' }).waitFor();
    await page.goto(served.url + path);
    await page.locator('#headline', { hasText: 'This session has ended' }).waitFor({ timeout: 10_000 });
    await page.reload();
    const third = await inSession();
    await stop();
    await page.goto(`${served.sessionUrl}/user/${third}/lab`);
    await page.locator('a', { hasText: 'Launch it again' }).click();
    const fourth = await inSession();
    expect(fourth).not.toBe(third);
    expect(await launches(url)).toBe(1);
    // JupyterLab complains when its server goes.
    expect(complaints.filter((one) => one.startsWith('asked'))).toEqual([]);
    await page.context().close();
  });

  it('does the same on a phone', async () => {
    const { url } = await served.world.repo('phone', tide('phone'));
    const { page, complaints } = await open({ width: 375, height: 700 });
    await page.goto(served.url);
    await page.locator('#repo').fill(url);
    await shoot(page, 'phone-front');
    const overflow = () => page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(await overflow()).toBe(0);
    await page.locator('button', { hasText: /^Launch$/ }).click();
    await page.locator('#headline').waitFor();
    expect(await overflow()).toBe(0);
    await shoot(page, 'phone-launch');
    await page.waitForURL(`${served.sessionUrl}/user/*/**`, { timeout: 60_000 });
    await page.locator('#jp-main-dock-panel').waitFor({ timeout: 60_000 });
    await shoot(page, 'phone-session');
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

describe('a session that nobody uses', () => {
  it('counts down on its pages, over plain http too, and is kept by a click', async () => {
    const port = await freePorts();
    // Another process of the same service, for which every session ends soon.
    const other = await served.serve(['--no-worker'], { SLIPWAY_PORT: `${port}`, SLIPWAY_SESSION_IDLE: '4m' });
    const { url } = await served.world.repo('idle', tide('idle'));
    const { events } = await served.launch({ repo: url });
    const ready = (await listen(served.url + events)).at(-1)?.data as { url: string };
    const { pathname } = new URL(ready.url);
    const { page } = await open({ width: 375, height: 700 });
    const left = async () => {
      const answer = await fetch(`http://127.0.0.1:${port + 1}${pathname}_slipway/time`);
      return ((await answer.json()) as { left: number }).left;
    };
    // A page that asks nothing by itself, at an address that browsers do not trust.
    const answer = await page.goto(`http://${UNTRUSTED}:${port + 1}${pathname}login`);
    expect(await answer?.request().allHeaders()).not.toHaveProperty('sec-fetch-dest');
    const keep = page.locator('button:visible', { hasText: 'Keep it' });
    await keep.waitFor();
    expect(await page.locator('aside').textContent()).toMatch(/This session ends in (?:4:00|3:5\d)Nobody has used it/);
    await shoot(page, 'session-ending');
    await page.waitForTimeout(2500);
    const before = await left();
    await keep.click();
    await expect.poll(left).toBeGreaterThan(before + 1500);
    await page.context().close();
    await other.stop();
  });
});

describe('a build that fails', () => {
  it('is told by a letter with its log open, which is kept; trying again is a new build', async () => {
    const { url } = await served.world.repo('broken', building({ lines: 6, pause: 0.2, exitCode: 3 }));
    const { page, complaints } = await open({ width: 1440, height: 900 });
    await page.goto(`${served.url}/v2/${served.spec(url)}`);
    await page.locator('.letter').waitFor({ timeout: 60_000 });
    await page.locator('.xterm-rows', { hasText: 'line 6' }).waitFor();
    expect(await page.locator('.letter').textContent()).toMatch(/postBuild/);
    expect(await page.locator('#log').getAttribute('open')).not.toBeNull();
    await shoot(page, 'failed');
    const address = await page.locator('#log-download').getAttribute('href');
    const { status, body } = await served.call<string>(address ?? '');
    expect([status, body]).toEqual([200, expect.stringMatching(/line 6/)]);

    await page.locator('.letter .actions .button.primary').click();
    await page.locator('#headline', { hasText: /Building|Finding|Fetching|build/i }).waitFor();
    await page.locator('.letter').waitFor({ timeout: 60_000 });
    const again = await page.locator('#log-download').getAttribute('href');
    expect(again).not.toBe(address);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

describe('a reload in mid-build', () => {
  it('shows the same launch with its whole log; one build, one session', async () => {
    const { url } = await served.world.repo('reloaded', building({ lines: 60, pause: 0.1 }));
    const { page, complaints } = await open({ width: 768, height: 1024 });
    const posts: string[] = [];
    page.on('request', (request) => request.method() === 'POST' && posts.push(request.url()));
    await page.goto(`${served.url}/v2/${served.spec(url)}`);
    await page.locator('#log summary').click();
    await page.locator('.xterm-rows', { hasText: 'line 10' }).waitFor({ timeout: 30_000 });
    await shoot(page, 'building');
    await page.reload();
    await page.locator('#log summary').click();
    await page.locator('.xterm-rows', { hasText: 'line 20' }).waitFor({ timeout: 30_000 });
    await page.context().setOffline(true);
    await page.waitForTimeout(1000);
    await page.context().setOffline(false);
    // Whoever reads the log is not sent away.
    await page.locator('#enter:visible').waitFor({ timeout: 60_000 });
    await page.locator('.xterm-rows', { hasText: 'line 60' }).waitFor();
    expect(posts).toEqual([`${served.url}/api/v1/launches`]);
    expect(await launches(url)).toBe(1);
    await page.locator('#enter').click();
    await page.waitForURL(`${served.sessionUrl}/user/*/**`);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
