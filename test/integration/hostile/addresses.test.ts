/** Addresses and refs that must not hurt; numbers are rows of the list of hostile inputs. */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/errors.ts';
import { plain } from '../../support/builds.ts';
import { type Heard, listen } from '../../support/event-stream.ts';
import { redirectTo } from '../../support/git-server.ts';
import { canary, DAY, refused, SECRET } from '../../support/refused.ts';
import { type LaunchFacts, openServed, type Served } from '../../support/served.ts';
import type { World } from '../../support/world.ts';

let served: Served;
let world: World;
beforeAll(async () => {
  served = await openServed();
  world = served.world;
});
afterAll(() => served?.close());

describe('addresses (1–9)', () => {
  const specs: [string, () => string, ErrorCode][] = [
    ['1: ext::', () => `ext::sh -c "touch% ${canary(world)}"`, 'bad_spec'],
    ['1: EXT::', () => `EXT::sh -c touch% ${canary(world)}`, 'bad_spec'],
    ['1: encoded ext::', () => `%65xt::sh -c touch% ${canary(world)}`, 'bad_spec'],
    [
      '1: ext:: in a git spec',
      () => `git/${encodeURIComponent(`ext::sh -c touch% ${canary(world)}`)}/main`,
      'bad_spec',
    ],
    ['2: file:', () => 'file:///etc', 'bad_spec'],
    ['3: an option', () => `--upload-pack=touch ${canary(world)}`, 'bad_spec'],
    [
      '3: an option in a git spec',
      () => `git/${encodeURIComponent(`--upload-pack=touch ${canary(world)}`)}/main`,
      'bad_spec',
    ],
    ['4: ssh with an option', () => `ssh://-oProxyCommand=touch%20${canary(world)}/x`, 'bad_spec'],
    ['5: a password', () => `https://ada:${SECRET}@127.0.0.1:9/x.git`, 'bad_spec'],
    ['6: loopback', () => 'http://127.0.0.2/x.git', 'host_not_allowed'],
    ['6: localhost', () => 'https://localhost/x.git', 'host_not_allowed'],
    ['6: decimal', () => 'http://2130706433/x.git', 'host_not_allowed'],
    ['6: octal', () => 'http://0177.0.0.1/x.git', 'host_not_allowed'],
    ['6: short', () => 'http://127.1/x.git', 'host_not_allowed'],
    ['6: mapped', () => 'http://[::ffff:127.0.0.1]/x.git', 'host_not_allowed'],
    ['6: metadata', () => 'http://169.254.169.254/latest', 'host_not_allowed'],
    ['6: CGNAT', () => 'https://100.64.0.1/x.git', 'host_not_allowed'],
    ['9: CR and LF', () => 'https://example.org/a\r\nHost: x/b.git', 'bad_spec'],
    ['9: bidi', () => 'https://example.org/a\u202eb/c.git', 'bad_spec'],
  ];

  it.each(specs)('%s', async (_title, spec, code) => {
    await refused(world, ['--', spec()], code);
  });

  it('5: a password in the address of a host that is allowed', async () => {
    await world.repo('with-password', [{ date: DAY, files: { a: 'b' } }]);
    const url = world.server.url('with-password').replace('//', `//ada:${SECRET}@`);
    const result = await world.run(['plan', '--json', url]);
    expect(result.stdout + result.stderr).not.toContain(SECRET);
  });

  it('8: redirects to a private address and to another scheme', async () => {
    const { url } = await world.repo('redirected', [{ date: DAY, files: { a: 'b' } }]);
    const asked: string[] = [];
    const other = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const { port } = other.address() as { port: number };
    for (const target of [`http://127.0.0.1:${port}`, 'file:///etc', 'ftp://127.0.0.1']) {
      world.server.intercept = redirectTo((path) => `${target}${path}`);
      await refused(world, [url], 'host_not_allowed');
    }
    world.server.intercept = undefined;
    expect(asked).toEqual([]);
    other.close();
  });
});

/** A repository whose branch moves as soon as somebody fetches. */
async function moving(name: string) {
  const { url, shas } = await world.repo(name, plain(name));
  const later = await world.repo(name, [{ date: DAY, branch: 'later', files: { 'note.md': 'new' } }]);
  const [before = '', after = ''] = [...shas, ...later.shas];
  let fetches = 0;
  world.server.intercept = (request) => {
    // The look-up is a single request; only a fetch greets the server first.
    const isFetch = request.url?.startsWith(`/${name}.git/info/refs`) && ++fetches === 1;
    const move = ['update-ref', 'refs/heads/main', after];
    if (isFetch) execFileSync('git', ['-C', join(world.server.root, `${name}.git`), ...move]);
    return false;
  };
  return { url, before, after, fetches: () => fetches };
}

describe('refs (3, 9–12)', () => {
  it.each(['--upload-pack=touch', '-x', 'a\nb', 'a b', 'a..b', 'x\u202ey', '@{-1}', ':/x', 'HEAD~1', 'main^{tree}'])(
    'a ref that git does not allow: %j',
    async (ref) => {
      const { url } = await world.repo('refs', [{ date: DAY, files: { a: 'b' } }]);
      const failed = await world.fail(['build', '--json', `--ref=${ref}`, url]);
      expect(failed.code).toBe('bad_spec');
    },
  );

  it('no ref where one is announced', async () => {
    const { url } = await world.repo('refs', [{ date: DAY, files: { a: 'b' } }]);
    expect((await world.fail(['build', '--json', '--ref=', url])).code).toBe('bad_usage');
  });

  it('10: a ref that shells, Dockerfiles and HTML would understand is data', async () => {
    const ref = `$(touch\${IFS}canary)\`id\`"'<script>&;x`;
    const { url, shas } = await world.repo('odd-refs', [
      { date: DAY, branch: ref, files: { 'index.md': 'x' } },
      { date: DAY, files: { 'index.md': 'y' } },
    ]);
    const built = await world.build([`--ref=${ref}`, url]);
    const labels = (await world.docker.getImage(built.imageName).inspect()).Config.Labels;
    expect(Object.values(labels)).toContain(shas[0]);
    expect((await world.plan([`--ref=${ref}`, url])).commit).toBe(shas[0]);
  });

  it('11: a tag and a branch of one name, and a short sha', async () => {
    const { url, shas } = await world.repo('ambiguous', [
      { date: DAY, files: { a: '1' }, tags: ['v1'] },
      { date: DAY, files: { a: '2' }, branch: 'v1', from: 'main' },
    ]);
    await refused(world, ['--ref=v1', url], 'ref_ambiguous');
    expect((await world.plan(['--ref=refs/heads/v1', url])).commit).toBe(shas[1]);
    expect((await world.plan(['--ref=refs/tags/v1', url])).commit).toBe(shas[0]);
    expect((await world.plan([`--ref=${shas[0]?.slice(0, 10)}`, url])).commit).toBe(shas[0]);
  });

  it('12: a ref that moves between resolve and fetch', async () => {
    const { url, before, after, fetches } = await moving('moving');
    const planned = await world.plan([url]);
    world.server.intercept = undefined;
    expect(fetches()).toBeGreaterThanOrEqual(1);
    expect(planned.commit).toBe(before);
    expect((await world.plan([url])).commit).toBe(after);
  });
});

describe('as requests to a service that runs (7, 8, 11, 12)', () => {
  /** Nobody may come here. */
  const arrived: string[] = [];
  const decoy = createTcp((socket) => {
    arrived.push('somebody');
    socket.destroy();
  });
  let port: number;

  beforeAll(async () => {
    await served.serve();
    await new Promise<void>((done) => decoy.listen(0, '127.0.0.1', done));
    ({ port } = decoy.address() as { port: number });
  });
  afterAll(() => decoy.close());

  const end = (heard: Heard[]) => heard.at(-1)?.data;

  async function byApi(repo: string, ref: string) {
    const body = { repo, ref, buildOnly: true };
    const answer = await served.call<LaunchFacts & { code?: string }>('/api/v1/launches', { method: 'POST', body });
    return answer.status === 201 ? end(await listen(served.url + answer.body.events)) : answer.body;
  }

  const byBuild = async (repo: string, ref: string) =>
    end(await listen(`${served.url}/build/${served.spec(repo, encodeURIComponent(ref))}?build_only=true`));

  it.each([
    ['7: a name whose address is private', () => `https://localhost:${port}/x.git`],
    ['8: a redirect to a private address', () => world.server.url('led-astray')],
    ['8: a redirect to another scheme', () => world.server.url('led-to-a-file')],
  ])('%s', async (_title, repo) => {
    world.server.intercept = (request, response) =>
      redirectTo((path) => (path.includes('file') ? 'file:///etc/passwd' : `http://127.0.0.1:${port}${path}`))(
        request,
        response,
      );
    for (const ask of [byApi, byBuild]) expect(await ask(repo(), 'HEAD')).toMatchObject({ code: 'host_not_allowed' });
    world.server.intercept = undefined;
    expect(arrived).toEqual([]);
  });

  it('11: a short sha of several commits, and a tag and a branch of one name', async () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({ date: DAY, message: `${index}` }));
    const { url, shas } = await world.repo('crowded', many);
    const prefixes = shas.map((sha) => sha.slice(0, 4));
    const several = prefixes.find((prefix, index) => prefixes.indexOf(prefix) !== index) ?? '';
    const twice = await world.repo('twice', [
      { date: DAY, files: { a: '1' }, tags: ['v1'] },
      { date: DAY, files: { a: '2' }, branch: 'v1', from: 'main' },
    ]);
    for (const ask of [byApi, byBuild]) {
      const failed = await ask(url, several);
      expect(failed).toMatchObject({ code: 'ref_ambiguous' });
      expect(JSON.stringify(failed)).toContain(shas.find((sha) => sha.startsWith(several))?.slice(0, 12));
      expect(await ask(twice.url, 'v1')).toMatchObject({ code: 'ref_ambiguous' });
    }
  });

  it.each([
    ['api', byApi],
    ['build', byBuild],
  ])('12: a ref that moves between resolve and fetch, by /%s', async (how, ask) => {
    const { url, before, fetches } = await moving(`moving-${how}`);
    const { imageName } = (await ask(url, 'main')) as { imageName: string };
    world.server.intercept = undefined;
    expect(fetches()).toBeGreaterThanOrEqual(1);
    const { Labels } = (await world.docker.getImage(imageName).inspect()).Config;
    expect(Object.values(Labels)).toContain(before);
  });
});
