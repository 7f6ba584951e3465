/// <reference lib="dom" />
/** What the pages do in a real browser: small, patient, by keyboard, without script, and with strangers' files. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saying, type WatchedPages, watchPages } from '../support/watched-pages.ts';

describe('pages in a browser', () => {
  let pages: WatchedPages;

  beforeAll(async () => {
    pages = await watchPages();
  });
  afterAll(() => pages?.close());

  it('is small: one request until the first paint, and less than 100 kB in all', async () => {
    const { context, page } = await pages.open({});
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    const sizes = new Map<string, number>();
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
      sizes.set(requestId, encodedDataLength),
    );
    await page.goto(pages.service.url, { waitUntil: 'networkidle' });
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
    const { context, page } = await pages.open({});
    const before = pages.service.begun.length;
    await page.goto(`${pages.service.url}/v2/gh/demo/building/main`);
    await saying(page, 'Installing 12');
    await page.reload();
    await saying(page, 'Installing 12');
    await page.locator('#log-note', { hasText: '47 lines' }).waitFor();
    expect(pages.service.begun.length - before).toBe(1);
    expect(await page.title()).toBe('Building demo/building');
    expect(await page.locator('#favicon').getAttribute('href')).toContain('favicon-busy');
    await context.close();
  });

  it('connects anew after a sleep or a long time in the background, and shows nothing twice', async () => {
    const { context, page } = await pages.open({});
    let streams = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/events')) streams += 1;
    });
    const turn = (state: string) =>
      page.evaluate((now) => {
        Object.defineProperty(document, 'visibilityState', { value: now, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, state);
    await page.clock.install();
    await page.goto(`${pages.service.url}/v2/gh/demo/building/main`);
    await page.locator('#log-note', { hasText: '47 lines' }).waitFor();
    expect(streams).toBe(1);
    await page.clock.fastForward(40_000);
    await expect.poll(() => streams).toBe(2);
    await turn('hidden');
    await page.clock.fastForward(20_000);
    await turn('visible');
    await turn('hidden');
    await page.clock.fastForward(40_000);
    await page.waitForTimeout(300);
    expect(streams).toBe(2);
    await turn('visible');
    await expect.poll(() => streams).toBe(3);
    await page.waitForTimeout(1000);
    expect(await page.locator('#log-note').textContent()).toContain('47 lines');
    await context.close();
  });

  it('says that a session has ended, and begins another for who asks or comes from its page', async () => {
    const { context, page } = await pages.open({});
    await context.route('http://127.0.0.1:1/**', (route) =>
      route.fulfill({ body: 'the session', contentType: 'text/plain' }),
    );
    const begun = () => pages.service.begun.filter((name) => name === 'over').length;
    const path = `${pages.service.url}/v2/gh/demo/over/main`;
    await page.goto(path);
    await saying(page, 'This session has ended');
    expect(await page.locator('#detail').textContent()).toMatch(/Nobody used it for a while/);
    expect(begun()).toBe(1);
    await page.locator('#again', { hasText: 'Launch it again' }).click();
    await expect.poll(begun).toBe(2);
    await saying(page, 'This session has ended');
    await page.evaluate(() => sessionStorage.setItem('launch /v2/gh/demo/over/main', 'over-1'));
    await page.goto('about:blank');
    await page.goto(`${path}#again`);
    await expect.poll(begun).toBe(3);
    expect(page.url()).toBe(path);
    // One that is still there is the same for who comes back.
    await page.evaluate(() => sessionStorage.setItem('launch /v2/gh/demo/cached/main', 'cached-1'));
    await page.goto(`${pages.service.url}/v2/gh/demo/cached/main#again`);
    await saying(page, 'Your session is ready');
    expect(pages.service.begun.at(-1)).toBe('over');
    await context.close();
  });

  it('goes into a session that was there at once, and stays for who comes back', async () => {
    const { context, page } = await pages.open({});
    await context.route('http://127.0.0.1:1/**', (route) =>
      route.fulfill({ body: 'the session', contentType: 'text/plain' }),
    );
    await page.goto(`${pages.service.url}/v2/gh/demo/cached/main?labpath=a.ipynb`);
    await page.waitForURL('http://127.0.0.1:1/user/x/doc/tree/a.ipynb?token=secret');
    await page.goBack();
    await page.locator('#enter').waitFor();
    expect(await page.locator('#aside').textContent()).toBe('It waits for you.');
    expect(pages.service.begun.filter((name) => name === 'cached')).toHaveLength(1);
    await context.close();
  });

  it('hands over after a moment, unless somebody scrolls', async () => {
    const { context, page } = await pages.open({});
    await context.route('http://127.0.0.1:1/**', (route) =>
      route.fulfill({ body: 'the session', contentType: 'text/plain' }),
    );
    const path = `${pages.service.url}/v2/gh/demo/ready/main`;
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
    const { context, page } = await pages.open({});
    await page.goto(pages.service.url);
    await page.keyboard.type('gh/demo/building');
    await page.locator('.understood[data-kind="good"]').waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/launch?**');
    await page.goto(`${pages.service.url}/v2/gh/demo/building/main`);
    await saying(page, 'Installing 12');
    await page.locator('#log summary').focus();
    await page.keyboard.press('Enter');
    await page.locator('.xterm-rows', { hasText: 'xarray' }).waitFor();
    await page.locator('#log-search').fill('libgeos-7 ');
    await page.locator('.xterm-rows', { hasText: 'libgeos-7 ' }).waitFor();
    await context.close();
  });

  it('says of a DOI that it is looked up later, and has its badge', async () => {
    const { context, page } = await pages.open({});
    await page.goto(pages.service.url);
    await page.locator('#repo').fill('https://doi.org/10.5281/zenodo.1234');
    await page.locator('.understood[data-kind="good"]').waitFor();
    expect(await page.locator('.understood .what').textContent()).toMatch(
      /^DOI 10\.5281\/zenodo\.1234\s*looked up at zenodo\.org when launched$/,
    );
    const link = `${pages.service.url}/v2/zenodo/10.5281/zenodo.1234`;
    expect(await page.locator('#badge-text').textContent()).toBe(
      `[![launch 10.5281/zenodo.1234](${link.replace('/v2/', '/badge/')}.svg)](${link})`,
    );
    await page.locator('#repo').fill('https://zenodo.org/communities/tides');
    await page.locator('.understood[data-kind="bad"]', { hasText: 'not that of a record' }).waitFor();
    await context.close();
  });

  it('says what it can without JavaScript, and begins nothing by itself', async () => {
    const { context, page } = await pages.open({ javaScriptEnabled: false, viewport: { width: 375, height: 800 } });
    const before = pages.service.begun.length;
    await page.goto(`${pages.service.url}/v2/gh/demo/building/main`);
    await pages.shoot(page, 'without-script-375-light');
    expect(await page.locator('h1:visible').allTextContents()).toEqual(['Launch demo/building']);
    expect(await page.locator('form[method="post"] button').count()).toBe(1);
    expect(pages.service.begun.length).toBe(before);
    await page.goto(pages.service.url);
    expect(await page.locator('form#ask').getAttribute('action')).toBe('/launch');
    await context.close();
  });

  it('runs nothing of a hostile notebook, in its frame or opened alone', async () => {
    const { context, page, complaints } = await pages.open({});
    await page.goto(`${pages.service.url}/v2/gh/demo/hostile/main`);
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
