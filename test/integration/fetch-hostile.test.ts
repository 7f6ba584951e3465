import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Fetching, ownTemporaryFolder, startFetching } from '../support/fetching.ts';
import { endless, redirectTo, silent } from '../support/git-server.ts';
import { git } from '../support/repo.ts';

const tlsFile = (name: string) => readFileSync(new URL(`../support/tls/${name}`, import.meta.url), 'utf8');
const CA = new URL('../support/tls/cert.pem', import.meta.url).pathname;

let world: Fetching;
let secure: Fetching;
let removeTemporary: () => Promise<void>;
beforeAll(async () => {
  removeTemporary = await ownTemporaryFolder();
  world = await startFetching();
  secure = await startFetching({ tls: { key: tlsFile('key.pem'), cert: tlsFile('cert.pem') } });
  await world.repo('org/a', [
    { date: '2022-01-01', files: { a: '1' } },
    { date: '2022-01-02', files: { b: '1' } },
  ]);
  await secure.repo('org/a', [{ date: '2022-01-01', files: { a: '1' } }]);
});
afterEach(async () => {
  world.server.intercept = undefined;
  secure.server.intercept = undefined;
  expect(await secure.left()).toEqual([]);
});
afterAll(async () => {
  await secure.close();
  await world.close();
  await removeTemporary();
});

/** Pretends that names are public, counts what is dialled, and dials the https server of ours whatever was asked. */
function seams(names: Record<string, string[]>) {
  const dialled: string[] = [];
  const port = Number(secure.server.host.split(':')[1]);
  return {
    dialled,
    lookup: async (host: string) => {
      const answers = names[host] ?? [];
      const address = answers.length > 1 ? answers.shift() : answers[0];
      if (address === undefined) throw Object.assign(new Error('unknown'), { code: 'ENOTFOUND' });
      return [{ address, family: 4 }];
    },
    connect: ({ host }: { host: string }) => {
      dialled.push(host);
      return createConnection(port, '127.0.0.1');
    },
  };
}

const trusting = { SLIPWAY_CA_BUNDLE: CA, SLIPWAY_ALLOWED_HOSTS: '' };
const URL_A = 'https://git.test/org/a.git';

describe('hosts', () => {
  test('https through the gate works, with the certificate checked', async () => {
    const fake = seams({ 'git.test': ['203.0.113.5'] });
    const checkout = await secure.fetch(URL_A, { settings: trusting, seams: fake });
    expect(await checkout.paths()).toEqual(['a']);
    expect(new Set(fake.dialled)).toEqual(new Set(['203.0.113.5']));
    await checkout.dispose();
    const untrusted = secure.resolve(URL_A, {
      settings: { SLIPWAY_ALLOWED_HOSTS: '' },
      seams: seams({ 'git.test': ['203.0.113.5'] }),
    });
    await expect(untrusted).rejects.toMatchObject({
      code: 'host_unreachable',
      hint: expect.stringContaining('SLIPWAY_CA_BUNDLE'),
    });
  });

  test('a name that leads to another address the second time is not followed there', async () => {
    const fake = seams({ 'git.test': ['203.0.113.5', '169.254.169.254'] });
    const resolved = await secure.resolve(URL_A, { settings: trusting, seams: fake });
    await expect(secure.fetchResolved(resolved, { settings: trusting, seams: fake })).rejects.toMatchObject({
      code: 'host_not_allowed',
      message: expect.stringContaining('git.test'),
    });
    expect(new Set(fake.dialled)).toEqual(new Set(['203.0.113.5']));
  });

  test.each([
    'http://other.test/x',
    'https://127.0.0.1/x',
    'https://other.test/x',
    'file:///etc/passwd',
    'ext::sh -c id',
    'https://[::ffff:10.0.0.1]/x',
  ])('a redirect to %s is not followed', async (target) => {
    const fake = seams({ 'git.test': ['203.0.113.5'], 'other.test': ['10.1.1.1'] });
    secure.server.intercept = redirectTo(() => target);
    const error = await secure.resolve(URL_A, { settings: trusting, seams: fake }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: expect.stringMatching(/^(host_not_allowed|host_unreachable)$/) });
    if (target.startsWith('http')) expect(error).toMatchObject({ code: 'host_not_allowed' });
    expect(new Set(fake.dialled)).toEqual(new Set(['203.0.113.5']));
  });

  test.each([
    ['../../../../etc/passwd', 'submodule_failed'],
    ['-oProxyCommand=id', 'submodule_failed'],
    ['file:///etc', 'submodule_failed'],
    ['/etc', 'submodule_failed'],
    ['ext::sh -c id', 'submodule_failed'],
    ['ssh://-oProxyCommand=id/x', 'submodule_failed'],
    ['https://me:hunter2@example.org/x', 'submodule_failed'],
    ['https://169.254.169.254/x', 'host_not_allowed'],
    ['http://127.0.0.1:9/x', 'host_not_allowed'],
  ])('a submodule at %s is refused', async (url, code) => {
    const name = `org/sub-${Buffer.from(url).toString('hex').slice(0, 40)}`;
    const files = {
      '.gitmodules': `[submodule "s"]\n\tpath = s\n\turl = "${url}"\n`,
      s: { submodule: 'a'.repeat(40) },
    };
    await world.repo(name, [{ date: '2022-01-01', files }]);
    const error = await world.fetch(name).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code });
    expect(String((error as Error).message)).not.toContain('hunter2');
    expect(await world.left()).toEqual([]);
  });
});

describe('servers', () => {
  test('an unknown or private repository', async () => {
    await expect(world.resolve('org/none')).rejects.toMatchObject({
      code: 'repo_not_found',
      message: expect.stringContaining('private'),
    });
    const locked = await startFetching({ auth: { user: 'u', password: 'p' } });
    await locked.repo('org/a', [{ date: '2022-01-01' }]);
    await expect(locked.resolve('org/a')).rejects.toMatchObject({ code: 'repo_not_found' });
    await locked.close();
  });

  test('an empty repository, one that is no git, too many requests, and one that is down', async () => {
    await world.repo('org/empty', []);
    await expect(world.resolve('org/empty')).rejects.toMatchObject({ code: 'repo_empty' });
    const status = (code: number, body = '') => {
      world.server.intercept = (_, response) =>
        Boolean(response.writeHead(code, { 'content-type': 'text/html' }).end(body));
    };
    for (const body of ['<html>\n<p>hello\n</html>\n', '<html>hello</html>']) {
      status(200, body);
      await expect(world.resolve('org/a')).rejects.toMatchObject({ code: 'not_git' });
    }
    status(429);
    await expect(world.resolve('org/a')).rejects.toMatchObject({ code: 'host_rate_limited' });
    status(503);
    await expect(world.resolve('org/a')).rejects.toMatchObject({ code: 'host_unreachable' });
  });

  test('one that never answers ends at the time limit', async () => {
    world.server.intercept = silent;
    const start = Date.now();
    await expect(world.resolve('org/a', { settings: { SLIPWAY_FETCH_TIME: '700ms' } })).rejects.toMatchObject({
      code: 'fetch_timeout',
    });
    expect(Date.now() - start).toBeLessThan(5000);
  });

  test('one that never ends is cut at the size limit', async () => {
    const resolved = await world.resolve('org/a');
    world.server.intercept = endless;
    await expect(world.fetchResolved(resolved, { settings: { SLIPWAY_FETCH_SIZE: '2M' } })).rejects.toMatchObject({
      code: 'repo_too_large',
    });
    expect(await world.left()).toEqual([]);
  });

  test('one without filters or hidden commits still serves, history included', async () => {
    const old = await startFetching({ filters: false, anySha: false });
    const shas = await old.repo('org/a', [
      { date: '2020-01-01', files: { 'requirements.txt': 'x' } },
      { date: '2021-01-01', files: { 'README.md': 'x' } },
      { date: '2022-01-01', files: { 'README.md': 'y' } },
    ]);
    const checkout = await old.fetch('org/a', { ref: shas[1]?.slice(0, 8) ?? '' });
    expect(await checkout.read('README.md')).toBe('x');
    expect(await checkout.history.lastTouched(['requirements.txt'])).toEqual(new Date('2020-01-01'));
    expect(await git(checkout.root, 'log', '--format=%H')).toBe(shas[1]);
    await checkout.dispose();
    const missing = { ...(await old.resolve('org/a')), commit: 'f'.repeat(40) };
    await expect(old.fetchResolved(missing)).rejects.toMatchObject({ code: 'ref_not_found' });
    await old.close();
  });

  test('history that cannot be had is a notice', async () => {
    // Where the day is given the history is not fetched along.
    const checkout = await world.fetch('org/a', { settings: { SLIPWAY_AS_OF: '2022-01-01' } });
    world.server.intercept = (_, response) => Boolean(response.writeHead(503).end());
    expect(await checkout.history.lastTouched(['a'])).toBeUndefined();
    expect(await checkout.history.lastWhere(() => true)).toBeUndefined();
    expect(checkout.notices).toMatchObject([{ code: 'history-unavailable' }]);
    await checkout.dispose();
  });

  test('history over the limit is a notice once somebody asks', async () => {
    const message = randomBytes(100_000).toString('hex');
    await world.repo('org/wordy', [
      { date: '2021-01-01', message },
      { date: '2022-01-01', files: { a: '1' } },
    ]);
    const checkout = await world.fetch('org/wordy', { settings: { SLIPWAY_FETCH_SIZE: '50K' } });
    expect(checkout.notices).toEqual([]);
    expect(await checkout.history.lastTouched(['a'])).toBeUndefined();
    expect(checkout.notices).toMatchObject([{ code: 'history-unavailable', message: expect.stringContaining('SIZE') }]);
    await checkout.dispose();
    expect(await world.left()).toEqual([]);
  });
});

describe('content', () => {
  test.each([
    ['number of files', { SLIPWAY_FETCH_FILES: '3' }, { a: '1', b: '1', c: '1', d: '1' }, 'repo_too_large'],
    ['size of a file', { SLIPWAY_FETCH_FILE_SIZE: '10' }, { big: 'x'.repeat(11) }, 'repo_too_large'],
    ['size of all', { SLIPWAY_FETCH_SIZE: '50K' }, { big: 'x'.repeat(60_000) }, 'repo_too_large'],
    ['depth', {}, { [`${'d/'.repeat(5000)}x`]: '1' }, 'unsafe_path'],
    ['names', {}, { 'a\nRUN id': '1' }, 'unsafe_path'],
    ['bidi names', {}, { 'a\u202etxt.exe': '1' }, 'unsafe_path'],
  ])('limits: %s', async (label, settings, files, code) => {
    const name = `org/limit-${label.replaceAll(' ', '-')}`;
    await world.repo(name, [{ date: '2022-01-01', files }]);
    const error = await world
      .fetch(name, { settings: settings as Record<string, string> })
      .catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).not.toMatch(/[\n\u202e]/);
    expect(await world.left()).toEqual([]);
  });

  test('filters, hooks and attributes of the repository run nothing', async () => {
    const marker = join(world.folder, 'ran');
    await world.repo('org/attributes', [
      {
        date: '2022-01-01',
        files: {
          '.gitattributes': '* filter=evil diff=evil merge=evil\n',
          '.gitconfig': `[filter "evil"]\n\tsmudge = touch ${marker}\n`,
          'hooks/post-checkout': { content: `#!/bin/sh\ntouch ${marker}\n`, mode: '755' },
          a: '1',
        },
      },
    ]);
    await (await world.fetch('org/attributes')).dispose();
    expect(readdirSync(world.folder)).toEqual([]);
  });

  test('refs with shell text are data', async () => {
    const ref = '$(id)`id`"<script>';
    const [commit] = await world.repo('org/refs', [{ date: '2022-01-01', branch: ref, files: { a: '1' } }]);
    expect(await world.resolve('org/refs', { ref })).toMatchObject({ ref, commit });
  });
});
