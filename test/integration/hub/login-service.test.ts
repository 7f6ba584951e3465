/** The service with a hub that people log in to: what a launch holds before and after its reader has come. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from '../../support/browser.ts';
import { WITH_OURS } from '../../support/hub.ts';
import { LOGIN, logIn } from '../../support/hub-reader.ts';
import { type HubWorld, openHubWorld } from '../../support/hub-world.ts';
import { openServed, type Served } from '../../support/served.ts';
import { launched, openService, type ServiceUnderTest, type Told, until } from '../../support/service.ts';

let served: Served;
let under: HubWorld;
let browser: Browser;
let tested: ServiceUnderTest;
let brief: ServiceUnderTest;
let other: string;

beforeAll(async () => {
  served = await openServed();
  const opened = openHubWorld(LOGIN + WITH_OURS, { SLIPWAY_LOGIN: 'on' }, served.world);
  [under, browser] = await Promise.all([opened, openBrowser()]);
  under.world.settings.SLIPWAY_HUB_LOGIN = 'on';
  other = await under.starting('ebb', 'sleep 2');
  // Sweeps come often, and whoever was forgotten would be ended soon.
  const often = { SLIPWAY_SESSION_IDLE: '1s', SLIPWAY_SESSION_START: '1s' };
  tested = await openService(under.world, { ...often, SLIPWAY_QUOTA_PER_REPO: '1', SLIPWAY_QUOTA_TOTAL: '2' });
  brief = await openService(under.world, { ...often, SLIPWAY_HUB_LINK: '12s' });
});

afterEach(async () => {
  await tested.service.stopAll({ repo: '*' });
  await expect.poll(() => under.hub.servers(), { timeout: 30_000 }).toEqual([]);
});

afterAll(async () => {
  await browser?.close();
  await brief?.close();
  await tested?.close();
  await under?.hub.close();
  await served?.close();
});

interface Launch {
  id: string;
  link: string;
  session: string;
  end: Told | undefined;
}

async function launch(repo: string, service = tested.service): Promise<Launch> {
  const { id, told } = await launched(service, { repo });
  const end = told.at(-1);
  return { id, end, link: String(end?.url), session: String(end?.session) };
}

const ready = (page: Page, name: string, user = 'lena') =>
  page.waitForURL(`${under.hub.url}/user/${user}/${name}/**`, { timeout: 60_000 });

/** What the hub tells whoever comes too late, or is not meant. */
async function expectRefused(page: Page): Promise<void> {
  await expect.poll(() => page.locator('body').textContent()).toContain('launch the repository again');
}

describe('a launch', () => {
  it('holds a place of its repository and in all from when it is handed over, as one session', async () => {
    const { service } = tested;
    const first = await launch(under.repo.url);
    expect(first.end).toMatchObject({
      phase: 'ready',
      token: '',
      url: `${under.hub.url}/hub/slipway/${first.session}/`,
    });
    expect((await launch(under.repo.url)).end).toMatchObject({ code: 'quota_reached', status_code: 429 });
    await service.cancel((await launch(other)).id);
    expect((await launch(other)).end).toMatchObject({ phase: 'ready' });
    const third = await under.world.repo('third', [{ date: '2025-10-10', files: { 'a.md': 'a' } }]);
    expect((await launch(third.url)).end).toMatchObject({
      code: 'quota_reached',
      message: expect.stringMatching(/full/),
    });

    const page = await logIn(browser, 'lena', first.link);
    await ready(page, first.session);
    expect(await service.sessions.count()).toBe(2);
    const { id, url, repo, state } = (await service.sessions.list()).find((one) => one.launchId === first.id) ?? {};
    expect({ id, url, state }).toEqual({
      ...{ id: first.session, state: 'running' },
      url: `${under.hub.url}/user/lena/${first.session}/`,
    });
    expect(repo).toBe(under.repo.url.replace(/\.git$/, ''));
    expect((await launch(under.repo.url)).end).toMatchObject({ code: 'quota_reached' });
  });

  it('that is cancelled before its reader comes leads nowhere, and afterwards its server is removed', async () => {
    const { service } = tested;
    const early = await launch(under.repo.url);
    await service.cancel(early.id);
    expect(await service.sessions.count()).toBe(0);
    const page = await logIn(browser, 'lena', early.link);
    await expectRefused(page);

    const late = await launch(under.repo.url);
    await page.goto(late.link);
    await ready(page, late.session);
    expect(await under.hub.servers()).toHaveLength(1);
    await service.cancel(late.id);
    expect(await service.sessions.count()).toBe(0);
    await expect.poll(() => under.hub.servers(), { timeout: 20_000 }).toEqual([]);
    await page.goto(late.link);
    await expectRefused(page);
  });

  it('that is cancelled while its server starts leaves nothing', async () => {
    const { id, link } = await launch(other);
    const page = await logIn(browser, 'lena', link);
    await expect.poll(() => under.hub.servers(), { timeout: 20_000 }).toHaveLength(1);
    await tested.service.cancel(id);
    await expect.poll(() => under.hub.servers(), { timeout: 20_000 }).toEqual([]);
    await page.close();
  });

  it("is its first reader's alone, as it was asked for", async () => {
    const { link, session } = await launch(under.repo.url);
    const lena = await logIn(browser, 'lena', link);
    await ready(lena, session);
    const hugo = await logIn(browser, 'hugo', link);
    await expectRefused(hugo);
    // Nor does the hub start anything of ours that was not handed over.
    for (const name of ['mine', session]) {
      await hugo.goto(`${under.hub.url}/hub/spawn/hugo/${name}?opt-image=${under.repo.image}&opt-repo_url=x`);
      await expectRefused(hugo);
    }
    expect(await under.hub.servers()).toHaveLength(1);
  });

  it('is not for readers to hand over', async () => {
    const page = await logIn(browser, 'lena', `${under.hub.url}/hub/home`);
    await page.waitForURL('**/hub/**');
    const token = await page.evaluate(async () => {
      const _xsrf = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
      const answer = await fetch(`/hub/api/users/lena/tokens?_xsrf=${_xsrf}`, { method: 'POST' });
      return ((await answer.json()) as { token: string }).token;
    });
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await fetch(`${under.hub.url}/hub/api/slipway/mine`, {
        method,
        headers: { authorization: `token ${token}` },
        ...(method === 'PUT' && { body: '{"options": {}, "seconds": 60}' }),
      });
      expect([method, answer.status]).toEqual([method, 403]);
    }
  });
});

describe('a place', () => {
  it('is given up when nobody comes in time', async () => {
    const { link } = await launch(under.repo.url, brief.service);
    expect(await brief.service.sessions.count()).toBe(1);
    await until(async () => ((await brief.service.sessions.count()) === 0 ? true : undefined), 30_000);
    await expectRefused(await logIn(browser, 'lena', link));
  });

  it('is kept as long as the server runs', async () => {
    const { sessions } = brief.service;
    const { link, session } = await launch(under.repo.url, brief.service);
    await ready(await logIn(browser, 'lena', link), session);
    // A Redis that has lost all hears of it from the hub.
    const { client, prefix } = brief.service.redis;
    await client.del(`${prefix}:sessions:claims`, `${prefix}:sessions:launches`);
    // Past the time of its link, and that in which a server has to answer.
    await new Promise((resolve) => setTimeout(resolve, 14_000));
    expect([await sessions.count(), await under.hub.servers()]).toEqual([
      1,
      [expect.stringContaining(session.slice(-8))],
    ]);
    const headers = { authorization: `token ${under.hub.settings.SLIPWAY_HUB_TOKEN}` };
    const address = `${under.hub.url}/hub/api/users/lena/servers/${session}`;
    expect((await fetch(address, { method: 'DELETE', headers })).ok).toBe(true);
    await until(async () => ((await sessions.count()) === 0 ? true : undefined), 15_000);
  });
});
