/** Somebody with a browser and an account at a hub whose login is one password for all. */
import type { Browser, Page } from 'playwright-core';

export const PASSWORD = 'spring tide';

/** Goes where a launch leads, and logs in there for the first time. */
export async function logIn(browser: Browser, name: string, link: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(link);
  await page.locator('#username_input').fill(name);
  await page.locator('#password_input').fill(PASSWORD);
  await page.locator('#login_submit').click();
  return page;
}

/** Lines of a hub's configuration for it. */
export const LOGIN = `
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.DummyAuthenticator.password = "${PASSWORD}"
`;
