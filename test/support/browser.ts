/** Debian's Chromium, and what tests do in JupyterLab. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

/** A name of this machine that is no loopback to a browser, as that of a server in an institute. */
export const UNTRUSTED = 'institute.test';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  `--host-resolver-rules=MAP ${UNTRUSTED} 127.0.0.1`,
];
const SHOTS = new URL('../../test-results/service/', import.meta.url).pathname;

export async function openBrowser(): Promise<Browser> {
  mkdirSync(SHOTS, { recursive: true });
  const path = execFileSync('sh', ['-c', 'command -v chromium || command -v chromium-browser'], { encoding: 'utf8' });
  return chromium.launch({ executablePath: path.trim(), args: FLAGS });
}

/** Kept as an artefact of the test run. */
export async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${SHOTS}${name}.png` });
}

/** Waits for the notebook that JupyterLab opens, with its kernel connected. */
export async function inNotebook(page: Page): Promise<void> {
  await page.locator('.jp-NotebookPanel:visible').waitFor({ timeout: 90_000 });
  // The indicator says idle before the kernel is connected, and what is run until then is lost.
  const bar = page.locator('#jp-main-statusbar');
  await bar
    .filter({ hasText: /\| Idle/ })
    .waitFor({ timeout: 60_000 })
    .catch(async (error) => {
      await shoot(page, 'no-kernel');
      throw new Error(`The kernel is not idle: ${await bar.textContent().catch(() => 'there is no status bar')}`, {
        cause: error,
      });
    });
}

/** Runs every cell by the menu, as a reader does. */
export async function runAll(page: Page): Promise<void> {
  await page.locator('.lm-MenuBar-itemLabel', { hasText: /^Run$/ }).click();
  await page.locator('.lm-Menu-itemLabel', { hasText: /^Run All Cells$/ }).click();
}

/** Waits until some cell's output says this. */
export async function outputs(page: Page, text: string): Promise<void> {
  const output = page.locator('.jp-NotebookPanel:visible .jp-OutputArea-output', { hasText: text });
  await output.first().waitFor({ timeout: 60_000 });
}
