/// <reference lib="dom" />
/** The pages with scripted launches in a real browser, watched for what nobody sees at a glance. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { source as AXE } from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { SCRIPTS } from './launch-scripts.ts';
import { type ScriptedService, serveScripts } from './scripted-service.ts';

const SHOTS = new URL('../../test-results/pages/', import.meta.url).pathname;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];

/** Sums what moved without anybody having touched anything, as Core Web Vitals count it. */
const OBSERVE = `window.shifts = []; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput && !entry.sources.every(({ node }) => node?.closest?.('.xterm')))
    window.shifts.push({ value: entry.value, nodes: entry.sources.map(({ node }) => node && (node.id || node.className || node.nodeName)) });
}).observe({ type: 'layout-shift', buffered: true });`;

export interface Looked {
  shifts: { value: number; nodes: string[] }[];
  overflow: number;
  faults: string[];
}

export async function look(page: Page): Promise<Looked> {
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

/** Waits until the page says this, and the document below it is there. */
export async function saying(page: Page, text: string): Promise<void> {
  await page.locator('#headline', { hasText: text }).waitFor();
  if (!/^(?:3 |Inst|Your|This|Publ)/.test(text)) return;
  await page.locator('#document-note').waitFor({ state: 'hidden' });
}

export interface WatchedPages {
  service: ScriptedService;
  /** A page that notes whatever it asked of anybody else, and every complaint of the browser. */
  open(
    options: Parameters<Browser['newContext']>[0],
  ): Promise<{ context: BrowserContext; page: Page; complaints: string[] }>;
  shoot(page: Page, name: string): Promise<unknown>;
  close(): Promise<void>;
}

export async function watchPages(): Promise<WatchedPages> {
  mkdirSync(SHOTS, { recursive: true });
  const path = execFileSync('sh', ['-c', 'command -v chromium || command -v chromium-browser'], { encoding: 'utf8' });
  const browser = await chromium.launch({ executablePath: path.trim(), args: FLAGS });
  const service = await serveScripts(SCRIPTS);
  return {
    service,
    async open(options) {
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
    },
    shoot: (page, name) => page.screenshot({ path: `${SHOTS}${name}.png` }),
    async close() {
      await browser.close();
      await service.close();
    },
  };
}
