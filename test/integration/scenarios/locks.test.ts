/** Locks in repositories: whose day counts, what is installed although it does not fit together, and hashes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureFiles } from '../../support/fixture-files.ts';
import { runCode } from '../../support/kernel.ts';
import { openWorld, type World } from '../../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

const SIX_SOURCE = '30639c035cdb23534cd4aa2dd52c3bf48f06e5f4a941509c8bafd8ce11080259';
const requirements = (...lines: string[]) => ({ 'requirements.txt': `${lines.join('\n')}\n` });

describe('the day of a lock', () => {
  it('is its own last change, whatever was done to the code and to the manifest since', async () => {
    const { url } = await world.repo('own-day', [
      { date: '2024-02-10', files: fixtureFiles('python/uv-lock') },
      {
        date: '2024-05-20',
        files: {
          'analysis.py': 'import six\n',
          'pyproject.toml': `${fixtureFiles('python/uv-lock')['pyproject.toml']}\n`,
        },
      },
    ]);
    expect((await world.plan([url])).asOf).toBe('2024-02-10');
  });

  it('is that of the repository when the lock is not used', async () => {
    const files = fixtureFiles('python/poetry');
    const { url } = await world.repo('other-day', [
      { date: '2024-02-10', files },
      {
        date: '2024-05-20',
        files: { 'pyproject.toml': (files['pyproject.toml'] ?? '').replace('cowsay = "^5.0"', 'cowsay = "^6.0"') },
      },
    ]);
    const plan = await world.plan([url]);
    expect(plan.asOf).toBe('2024-05-20');
    expect(plan.notices.map(({ code }) => code)).toContain('lock-unfit');
  });
});

it('a version that never was is named', async () => {
  const files = { 'Pipfile.lock': JSON.stringify({ _meta: {}, default: { six: { version: '==99.0' } }, develop: {} }) };
  const { url } = await world.repo('never-was', [{ date: '2024-03-10', files }]);
  const failed = await world.fail(['build', '--json', url]);
  expect(failed).toMatchObject({ code: 'package_not_found', message: expect.stringContaining('six==99.0') });
});

describe('hashes', () => {
  it('that no file of the index has end the build, and are told', async () => {
    const { url } = await world.repo('wrong-hash', [
      { date: '2024-03-10', files: requirements(`six==1.15.0 --hash=sha256:${'0'.repeat(64)}`) },
    ]);
    const failed = await world.fail(['build', '--json', url]);
    expect(failed).toMatchObject({ code: 'build_failed', message: expect.stringContaining('no file of six') });
  });

  it('of the source alone make it be built from that, and versions that do not go together are installed as locked', async () => {
    // requests 2.31 wants a newer idna, and more that is not here.
    const lines = [
      `six==1.15.0 --hash=sha256:${SIX_SOURCE}`,
      'requests==2.31.0 --hash=sha256:58cd2187c01e70e6e26505bca751777aa9f2ee0b7f4300988b709f44e013003f',
      'idna==2.0 --hash=sha256:9b2fc50bd3c4ba306b9651b69411ef22026d4d8335b93afc2214cef1246ce707',
    ];
    const { url } = await world.repo('source-hash', [{ date: '2024-03-10', files: requirements(...lines) }]);
    // Whether an earlier run of these tests has left it or not.
    const built = await world.run(['build', '--json', '--refresh', url]);
    const told = built.events.map(({ message }) => message).join('');
    // A wheel of it is there as well, but not under a hash that is declared.
    expect(told).toContain('building six==1.15.0');
    const { session } = await world.launch([url]);
    const versions = 'from importlib.metadata import version\nprint(*map(version, ["six", "requests", "idna"]))';
    expect((await runCode(session, versions)).trim()).toBe('1.15.0 2.31.0 2.0');
  });
});
