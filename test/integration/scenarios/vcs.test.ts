/** Requirements that name a git repository: looked up when planning, by the real git, and built from that commit. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GitServer, startGitServer } from '../../support/git-server.ts';
import { bridgeAddress } from '../../support/index-server.ts';
import { runCode } from '../../support/kernel.ts';
import { makeRepo } from '../../support/repo.ts';
import { launched, openService } from '../../support/service.ts';
import { openWorld, type World } from '../../support/world.ts';

let world: World;
/** Where builds can reach it. */
let packages: GitServer;
let locked: GitServer;
let shas: string[];
beforeAll(async () => {
  packages = await startGitServer({ address: await bridgeAddress() });
  locked = await startGitServer({ auth: { user: 'u', password: 'p' } });
  // Builds reach public addresses and mirrors: the git host of a test is let through as one of those.
  world = await openWorld({ SLIPWAY_MIRROR_NPM: `http://${packages.host}/` });
  world.settings.SLIPWAY_ALLOWED_HOSTS = [world.server.host, packages.host, locked.host].join();
  ({ shas } = await makeRepo(packages.root, 'greet', [
    { date: '2023-01-10', files: greeting('one'), tags: ['v1'], annotated: ['v1-signed'] },
    { date: '2023-02-10', files: greeting('two') },
  ]));
  await makeRepo(locked.root, 'secret', [{ date: '2023-01-10', files: greeting('no') }]);
});
afterAll(async () => {
  await world?.close();
  await packages?.close();
  await locked?.close();
});

function greeting(word: string): Record<string, string> {
  return {
    'py/pyproject.toml': `[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n[project]\nname = "greet"\nversion = "1.0"\n[tool.setuptools]\npy-modules = ["greet"]\n`,
    'py/greet.py': `WORD = "${word}"\n`,
  };
}

let count = 0;
async function asking(...lines: string[]): Promise<string> {
  const files = { 'requirements.txt': `six==1.16.0\n${lines.join('\n')}\n` };
  return (await world.repo(`asks-${count++}`, [{ date: '2024-03-10', files }])).url;
}
const greet = (ref: string) => `greet @ git+${packages.url('greet')}${ref}#subdirectory=py`;

describe('a git requirement', () => {
  it.each([
    ['@v1', 0],
    ['@v1-signed', 0],
    ['@main', 1],
    ['', 1],
  ])('with %j is planned with its commit', async (ref, index) => {
    const plan = await world.plan([await asking(greet(ref))]);
    expect(plan.dockerfile).toContain(`greet.git@${shas[index]}#subdirectory=py`);
  });

  it('by a shortened commit too; a whole one is not even looked up', async () => {
    const [first = ''] = shas;
    expect((await world.plan([await asking(greet(`@${first.slice(0, 9)}`))])).dockerfile).toContain(`@${first}#`);
    const before = packages.requests.length;
    expect((await world.plan([await asking(greet(`@${first}`))])).dockerfile).toContain(`@${first}#`);
    expect(packages.requests).toHaveLength(before);
  });

  it('makes another environment when its branch has moved, and is built from that commit', async () => {
    const url = await asking(greet('@main'));
    const before = await world.plan([url]);
    await makeRepo(packages.root, 'greet', [{ date: '2023-03-10', files: greeting('three') }]);
    const after = await world.plan([url]);
    expect(after.tiers.environment.key).not.toBe(before.tiers.environment.key);
    const { session } = await world.launch([url]);
    expect((await runCode(session, 'import greet; print(greet.WORD)')).trim()).toBe('three');
  });
});

const CLOSED = '127.0.0.1:9';
describe('what cannot be looked up', () => {
  const cases: [string, () => string, string, number, RegExp][] = [
    ['an unknown ref', () => greet('@nope'), 'ref_not_found', 23, /no branch, tag or commit "nope"/],
    ['an unknown repository', () => `x @ git+${packages.url('none')}`, 'repo_not_found', 22, /does not exist/],
    ['a private repository', () => `x @ git+${locked.url('secret')}`, 'repo_not_found', 22, /private/],
    ['a host that is not allowed', () => `x @ git+http://${CLOSED}/x`, 'host_not_allowed', 21, /127\.0\.0\.1/],
  ];
  it.each(cases)('%s fails with file and line', async (_, line, code, exit, message) => {
    const failed = await world.fail(['plan', '--json', await asking(line())]);
    expect(failed).toMatchObject({ code, message: expect.stringMatching(/^requirements\.txt, line 2: /) });
    expect(failed.message).toMatch(message);
    expect(failed.run.exitCode).toBe(exit);
  });

  it('a host that does not answer is to be tried again', async () => {
    const settings = { SLIPWAY_ALLOWED_HOSTS: `${world.settings.SLIPWAY_ALLOWED_HOSTS},${CLOSED}` };
    const failed = await world.fail(['plan', '--json', await asking(`x @ git+http://${CLOSED}/x`)], settings);
    expect(failed).toMatchObject({
      code: 'host_unreachable',
      message: expect.stringMatching(/^requirements\.txt, line 2: /),
    });
    expect(failed.run.exitCode).toBe(27);
  });

  it('in the service as well', async () => {
    const { service, close } = await openService(world);
    try {
      const { told } = await launched(service, { repo: await asking(greet('@nope')), buildOnly: true });
      expect(told.at(-1)).toMatchObject({
        phase: 'failed',
        code: 'ref_not_found',
        message: expect.stringMatching(/^requirements\.txt, line 2: /),
      });
    } finally {
      await close();
    }
  });
});
