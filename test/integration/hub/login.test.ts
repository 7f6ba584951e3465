/** A hub that people log in to: Slipway builds and sends the reader there, and the hub starts the session as theirs. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inNotebook, openBrowser, outputs, runAll } from '../../support/browser.ts';
import { WITH_OURS } from '../../support/hub.ts';
import { type HubWorld, openHubWorld } from '../../support/hub-world.ts';

const CONFIG = `
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.DummyAuthenticator.password = "spring tide"
${WITH_OURS}`;

let under: HubWorld;
let browser: Browser;

beforeAll(async () => {
  [under, browser] = await Promise.all([openHubWorld(CONFIG, { SLIPWAY_LOGIN: 'on' }), openBrowser()]);
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

  const page = await browser.newPage();
  await page.goto(first.session.url);
  await page.locator('#username_input').fill('lena');
  await page.locator('#password_input').fill('spring tide');
  await page.locator('#login_submit').click();
  await page.waitForURL(`${hub.url}/user/lena/${first.session.session}/lab/tree/tides.ipynb**`, { timeout: 60_000 });
  await inNotebook(page);
  await runAll(page);
  await outputs(page, '42');

  // Logged in already, and the first one goes on.
  const second = await world.launch(launch);
  await page.goto(second.session.url);
  await page.waitForURL(`${hub.url}/user/lena/${second.session.session}/lab/**`, { timeout: 60_000 });
  expect(await hub.users()).toEqual(['lena']);
  const listed = JSON.parse((await world.run(['sessions', '--json'])).stdout) as { id: string; image: string }[];
  expect(listed.map(({ id }) => id)).toEqual([first.session.session, second.session.session]);
  expect(listed[0]?.image).toBe(repo.image);
  await page.goto(first.session.url);
  await page.waitForURL(`${hub.url}/user/lena/${first.session.session}/lab/**`, { timeout: 60_000 });

  await world.stopAll();
  expect([await hub.users(), await hub.servers()]).toEqual([['lena'], []]);
});
