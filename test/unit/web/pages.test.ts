import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { parseRepo } from '../../../src/resolve/spec.ts';
import { contrast } from '../../../src/web/pages/colour.ts';
import {
  createSite,
  type LaunchView,
  loadAssets,
  pagePolicy,
  renderAbout,
  renderError,
  renderFront,
  renderLaunch,
} from '../../../src/web/pages/index.ts';

const assets = loadAssets();
const siteOf = (settings: Record<string, string> = {}) =>
  createSite(loadConfig(settings), assets, 'https://slipway.example');
const HOSTILE = '"><script>alert(1)</script>\'';

function launchView(repo: string, more: Partial<LaunchView> = {}): LaunchView {
  const spec = parseRepo(repo, { allowLocal: false });
  return { request: { repo }, spec, path: `/v2/${repo}`, token: 'token', ...more };
}

function record(more: object): NonNullable<LaunchView['launch']> {
  const { spec } = launchView('gh/org/repo');
  const client = { address: '192.0.2.1', isOperator: false };
  return {
    ...{ id: '0'.repeat(32), state: 'building', spec, subdir: '', buildOnly: false, refresh: false, client },
    ...{ createdAt: '2026-11-21T00:00:00Z', owner: 'x' },
    ...more,
  } as NonNullable<LaunchView['launch']>;
}

describe('pages', () => {
  it('escape everything that comes from outside', () => {
    const site = siteOf({ SLIPWAY_SITE_NAME: HOSTILE, SLIPWAY_SITE_BANNER: HOSTILE, SLIPWAY_SITE_ABOUT: HOSTILE });
    const recent = [{ provider: 'gh', name: HOSTILE, ref: HOSTILE, repo: HOSTILE, at: '' }];
    const pages = [
      renderFront(site, {
        repo: HOSTILE,
        ref: HOSTILE,
        path: HOSTILE,
        problem: { message: HOSTILE, hint: HOSTILE },
        recent,
      }),
      renderLaunch(
        site,
        launchView('gh/org/repo', { path: HOSTILE, token: HOSTILE, request: { repo: HOSTILE, urlpath: HOSTILE } }),
      ),
      renderError(site, {
        status: 400,
        failure: { code: 'bad_spec', message: `${HOSTILE}\n${HOSTILE}`, hint: HOSTILE, blame: 'user' },
      }),
      renderAbout(site, { version: HOSTILE }),
    ];
    for (const page of pages) expect(page).not.toContain('<script>alert');
  });

  it('have no script and no style of their own beside the one whose hash is in the policy', () => {
    const site = siteOf();
    const page = renderFront(site, {});
    expect(page.match(/<style>/g)).toHaveLength(1);
    expect(page.match(/<script[^>]*>/g)).toEqual([`<script type="module" src="${site.asset('front.js')}">`]);
    expect(page).not.toMatch(/\s(style|on\w+)=/);
    expect(JSON.stringify(pagePolicy(site))).not.toMatch(/unsafe|https?:|\*/);
  });

  it('tell previews what a link is, and search engines nothing of a launch', () => {
    const page = renderLaunch(siteOf(), launchView('gh/org/repo/HEAD'));
    expect(page).toContain('<meta property="og:title" content="org/repo on Slipway">');
    expect(page).toContain('<meta property="og:url" content="https://slipway.example/v2/gh/org/repo/HEAD">');
    expect(page).toMatch(/<meta property="og:image" content="https:\/\/slipway\.example\/assets\/card-\w+\.png">/);
    const own = renderLaunch(siteOf(), launchView('gh/org/repo', { launch: record({}) }));
    expect(own).toContain('<meta name="robots" content="noindex">');
    expect(own).not.toContain('og:url');
  });

  it('begin a launch by a form where there is no script', () => {
    const page = renderLaunch(siteOf(), launchView('gh/org/repo/HEAD?labpath=a%20b.ipynb'));
    expect(page).toContain(
      '<form class="actions" method="post" action="/v2/gh/org/repo/HEAD?labpath&#x3D;a%20b.ipynb">',
    );
    expect(page).toContain('<input type="hidden" name="token" value="token">');
  });

  it('follow a launch without script', () => {
    const view = (more: object) => renderLaunch(siteOf(), launchView('gh/org/repo', { launch: record(more) }));
    expect(view({ state: 'building' })).toContain('<noscript><meta http-equiv="refresh" content="5"></noscript>');
    const ready = view({ state: 'ready', link: 'https://s.example/user/x/?token=t' });
    expect(ready).toContain('href="https://s.example/user/x/?token&#x3D;t">Open the session</a>');
    expect(ready).not.toContain('http-equiv');
    const over = view({ state: 'ready', over: 'idle' });
    expect(over).toMatch(/<h1>This session has ended<\/h1>\s*<p class="dim">Nobody used it for a while/);
    expect(over).toContain('href="/v2/gh/org/repo">Launch it again</a>');
    const error = { code: 'package_not_found', message: 'no such thing\nlast line', hint: 'Remove it.', blame: 'user' };
    const failed = view({ state: 'failed', endedAt: '2026-11-21T00:00:00Z', error, build: '01J' });
    for (const text of [
      'The author&#x27;s turn',
      'no such thing',
      'last line',
      'Remove it.',
      '/api/v1/builds/01J/log',
      '/issues/new?',
    ])
      expect(failed).toContain(text);
    expect(failed).not.toContain('http-equiv');
  });

  it('make a missing page the turn of who asked', () => {
    const failure = { code: 'not_found', message: 'There is no such page.', blame: 'user' } as const;
    const page = renderError(siteOf(), { status: 404, failure });
    expect(page).toContain('There is nothing here');
    expect(page).toContain('Your turn');
  });
});

describe("the operator's own", () => {
  it('shows in name, banner, about and picture', () => {
    const logo = join(tmpdir(), `slipway-logo-${process.pid}.svg`);
    writeFileSync(logo, '<svg xmlns="http://www.w3.org/2000/svg"/>');
    const site = siteOf({
      SLIPWAY_SITE_NAME: 'Harbour',
      SLIPWAY_SITE_LOGO: logo,
      SLIPWAY_SITE_BANNER: 'Down on *Friday*, see <https://harbour.example/>',
      SLIPWAY_SITE_ABOUT: 'Run by **us**.',
    });
    const page = renderFront(site, {});
    expect(page).toContain('<span>Harbour</span>');
    expect(page).toContain('<em>Friday</em>');
    expect(page).toContain('Powered by Slipway.');
    const path = /<img src="(\/assets\/logo-[\w-]+\.svg)"/.exec(page)?.[1] ?? '';
    expect(site.files.get(path)?.type).toBe('image/svg+xml');
    expect(renderAbout(site, { version: '1' })).toContain('<strong>us</strong>');
  });

  it.each(['#ffe600', '#000000', '#ffffff', '#0a62ad', '#7f7f7f', '#ff0000'])('can be read in %s', (colour) => {
    const { style } = siteOf({ SLIPWAY_SITE_COLOR: colour });
    const [light = '', dark = ''] = [...style.matchAll(/--accent:(#[0-9a-f]{6});--on-accent/g)].map(
      (match) => match[1] ?? '',
    );
    expect(contrast(light, '#ffffff')).toBeGreaterThanOrEqual(4.5);
    expect(contrast(light, '#f6f7f9')).toBeGreaterThanOrEqual(4.5);
    expect(contrast(dark, '#151a21')).toBeGreaterThanOrEqual(4.5);
    expect(contrast(dark, '#06131f')).toBeGreaterThanOrEqual(4.5);
  });

  it('is refused when it cannot be used', () => {
    expect(() => siteOf({ SLIPWAY_SITE_LOGO: '/nowhere.png' })).toThrow(/SLIPWAY_SITE_LOGO.*ENOENT/);
    expect(() => siteOf({ SLIPWAY_SITE_COLOR: 'red' })).toThrow(/SLIPWAY_SITE_COLOR: "red" is not a colour/);
  });
});
