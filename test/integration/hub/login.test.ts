/** A hub that people log in to: Slipway builds and sends the reader there, and the hub starts the session as theirs. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inNotebook, openBrowser, outputs, runAll } from '../../support/browser.ts';
import { WITH_OURS } from '../../support/hub.ts';
import { LOGIN, logIn } from '../../support/hub-reader.ts';
import { type HubWorld, openHubWorld } from '../../support/hub-world.ts';

let under: HubWorld;
let browser: Browser;

beforeAll(async () => {
  [under, browser] = await Promise.all([openHubWorld(LOGIN + WITH_OURS, { SLIPWAY_LOGIN: 'on' }), openBrowser()]);
  under.world.settings.SLIPWAY_HUB_LOGIN = 'on';
});

afterAll(async () => {
  await browser?.close();
  await under?.close();
});

it('leads by its login to the notebook, with one account and a server for each launch', async () => {
  const { world, hub, repo } = under;
  const launch = ['--urlpath', 'lab/tree/tides.ipynb?reset=', repo.url];
  const first = await world.launch(launch);
  expect(first.session.token).toBe('');
  expect([await hub.users(), await hub.servers()]).toEqual([[], []]);

  const page = await logIn(browser, 'lena', first.session.url);
  await page.waitForURL(`${hub.url}/user/lena/${first.session.session}/lab/tree/tides.ipynb**`, { timeout: 60_000 });
  await inNotebook(page);
  await runAll(page);
  await outputs(page, '42');

  // Logged in already, and the first one goes on.
  const second = await world.launch(launch);
  await page.goto(`${second.session.url}lab/tree/tides.ipynb?token=`);
  await page.waitForURL(`${hub.url}/user/lena/${second.session.session}/lab/tree/tides.ipynb**`, { timeout: 60_000 });
  expect(await hub.users()).toEqual(['lena']);
  const listed = JSON.parse((await world.run(['sessions', '--json'])).stdout) as { id: string; image: string }[];
  expect(listed.map(({ id }) => id)).toEqual([first.session.session, second.session.session]);
  expect(listed[0]?.image).toBe(repo.image);
  await page.goto(first.session.url);
  await page.waitForURL(`${hub.url}/user/lena/${first.session.session}/lab/**`, { timeout: 60_000 });

  // One whose reader has not come is a session as well, until it is stopped.
  const third = await world.launch(launch);
  const all = JSON.parse((await world.run(['sessions', '--json'])).stdout) as { id: string; link: string }[];
  expect(all.at(-1)).toMatchObject({ id: third.session.session, link: third.session.url });
  await world.stopAll();
  await page.goto(third.session.url);
  expect(await page.locator('body').textContent()).toContain('launch the repository again');
  expect([await hub.users(), await hub.servers()]).toEqual([['lena'], []]);
});
