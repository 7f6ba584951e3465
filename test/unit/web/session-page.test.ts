import { expect, it } from 'vitest';
import type { EndedSession } from '../../../src/service/session-claims.ts';
import { isPage } from '../../../src/web/session-countdown.ts';
import { launchAgain } from '../../../src/web/session-gone.ts';

const CHROMIUM = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8';
const SAFARI = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

const asks = (headers: Record<string, string>, url = '/user/a-12345678/lab', method = 'GET') =>
  isPage({ method, headers, url });

it.each([
  ['over https or on loopback', { accept: CHROMIUM, 'sec-fetch-dest': 'document' }, true],
  ['over plain http', { accept: CHROMIUM, 'upgrade-insecure-requests': '1' }, true],
  ['in an older Safari', { accept: SAFARI }, true],
  ['for a frame', { accept: CHROMIUM, 'sec-fetch-dest': 'iframe' }, false],
  ['by fetch', { accept: '*/*' }, false],
  ['by fetch that says so', { accept: CHROMIUM, 'sec-fetch-dest': 'empty' }, false],
  ['by jQuery', { accept: 'text/html, */*; q=0.01', 'x-requested-with': 'XMLHttpRequest' }, false],
  ['by Turbo', { accept: 'text/html, application/xhtml+xml' }, false],
  ['from elsewhere', { accept: SAFARI, origin: 'https://elsewhere.example' }, false],
  ['for a worker', { accept: SAFARI, 'service-worker': 'script' }, false],
  ['by a program', {}, false],
])('a page that is asked for %s has the countdown or not', (_how, headers, expected) => {
  expect(asks(headers)).toBe(expected);
});

it('no file of the repository has it, and nothing that is sent', () => {
  expect(asks({ accept: SAFARI }, '/user/a-12345678/files/a.html')).toBe(false);
  expect(asks({ accept: SAFARI }, '/user/a-12345678/lab', 'POST')).toBe(false);
});

it.each([
  [{ urlpath: '' }, '/v2/gh/org/repo/feature/x%20y#again'],
  [{ urlpath: 'lab/tree/a.ipynb' }, '/v2/gh/org/repo/feature/x%20y?urlpath=lab%2Ftree%2Fa.ipynb#again'],
  [{ urlpath: 'lab', subdir: 'a b' }, '/v2/gh/org/repo/feature/x%20y?urlpath=lab&subdir=a%20b#again'],
])('what has ended is launched again as it was: %j', (asked, path) => {
  const ended = { provider: 'gh', spec: 'org/repo', ref: 'feature/x y', ...asked } as EndedSession;
  expect(launchAgain(ended)).toBe(path);
});
