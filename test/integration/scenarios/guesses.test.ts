/** Repositories whose notebooks import what no file of theirs asks for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itInFull } from '../../support/full.ts';
import { runNotebook } from '../../support/kernel.ts';
import { notebook } from '../../support/notebook.ts';
import type { CommitSpec } from '../../support/repo.ts';
import { expectOutputs, once } from '../../support/scenario.ts';
import { openWorld, type PrintedPlan, type World } from '../../support/world.ts';

// Older than what seaborn of that day would bring along.
const DECLARED = `${once('pandas==1.5.3')}\nnumpy==1.24.4\n`;
const VERSIONS = 'from importlib.metadata import version\nprint(version("pandas"), version("numpy"))';
const commits = (files: Record<string, string>, date = '2024-03-10'): CommitSpec[] => [{ date, files }];
const codes = (plan: PrintedPlan) => plan.notices.map(({ code }) => code);

describe('guesses', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world?.close());

  it('adds what a notebook imports, as of the day, and moves nothing that is declared', async () => {
    const files = {
      'requirements.txt': DECLARED,
      'index.ipynb': notebook('import tabulate\nprint(tabulate.__version__)', VERSIONS),
    };
    const { url } = await world.repo('tables', commits(files));
    const plan = await world.plan([url]);
    expect(codes(plan)).toEqual(['guessed-package']);
    const { session, built } = await world.launch([url]);
    expect(built.tiers).toMatchObject({ environment: 'built', content: 'built' });
    expectOutputs(await runNotebook(session, 'index.ipynb'), ['0.9.0', '1.5.3 1.24.4']);
  });

  it('leaves the environment to share: another guess builds no more than that', async () => {
    const files = {
      'requirements.txt': DECLARED,
      'index.ipynb': notebook('import humanize, emoji\nprint(humanize.__version__)', VERSIONS),
    };
    const [{ url }, other] = [await world.repo('emoji', commits(files)), world.server.url('tables')];
    const [plan, first] = [await world.plan([url]), await world.plan([other])];
    expect(plan.tiers.environment).toEqual(first.tiers.environment);
    expect(plan.tiers.guessed).not.toEqual(first.tiers.guessed);
    const run = await world.run(['build', '--json', url]);
    const steps = run.events.flatMap((event) => (event.phase === 'building' && event.step ? [event.step.title] : []));
    expect([...new Set(steps)]).toEqual([
      'Adding 2 packages as a guess: emoji, humanize',
      'Installing what is a guess',
    ]);
    const { session } = await world.launch([url]);
    expectOutputs(await runNotebook(session, 'index.ipynb'), ['4.9.0', '1.5.3 1.24.4']);
  });

  it('builds nothing for a commit that only changes content', async () => {
    const files = { 'index.ipynb': notebook('import tabulate\nprint("later")', VERSIONS) };
    const { url } = await world.repo('tables', commits(files, '2024-03-11'));
    const run = await world.run(['build', '--json', url]);
    const built = run.events.find((event) => event.phase === 'built');
    expect(built).toMatchObject({ tiers: { base: 'cached', environment: 'cached', content: 'built' } });
    expect(run.events.some((event) => event.phase === 'building' && event.step)).toBe(false);
  });

  itInFull('leaves out what does not go with the environment, and says so', async () => {
    // emoji had no wheel in those days, and of pygwalker there was nothing yet.
    const files = {
      'requirements.txt': `${once('six==1.15.0')}\n`,
      'index.ipynb': notebook('import tabulate\nprint(tabulate.__version__)', 'import six\nprint(six.__version__)'),
      'later.py': 'import pygwalker, emoji\n',
    };
    const { url } = await world.repo('misfits', commits(files, '2022-05-10'));
    expect(codes(await world.plan([url]))).toEqual(Array(3).fill('guessed-package'));
    const { session, run, built } = await world.launch([url]);
    expect(built.resolvedAsOf).toBe('2022-05-10');
    const said = run.events.flatMap((event) => (event.phase === 'building' ? [event.message.trim()] : []));
    expect(said).toContain('Notice: emoji was a guess and is left out: emoji would have to be built');
    expect(said.some((line) => line.startsWith('Notice: pygwalker was a guess and is left out: '))).toBe(true);
    expectOutputs(await runNotebook(session, 'index.ipynb'), ['0.8.9', '1.15.0']);
  });

  it('never installs a name that is in no table, and nothing at all when it is switched off', async () => {
    const cell = 'import importlib.util as u\nprint(u.find_spec("reqeusts"), u.find_spec("emoji"))';
    const files = { 'requirements.txt': DECLARED, 'index.ipynb': notebook(cell), 'a.py': 'import reqeusts, emoji\n' };
    const { url } = await world.repo('names', commits(files));
    expect((await world.plan([url])).dockerfile).not.toContain('reqeusts');
    const off = { SLIPWAY_INFER_DEPENDENCIES: 'off' };
    const plan = await world.plan([url], off);
    expect(codes(plan)).toEqual(['missing-package', 'unknown-import']);
    expect(plan.tiers.guessed).toBeUndefined();
    const { session, built } = await world.launch([url], off);
    expect(built.tiers.environment).toBe('cached');
    expectOutputs(await runNotebook(session, 'index.ipynb'), ['None None']);
  });

  itInFull(
    "leaves out the repository's own package where it cannot be installed, or would move what is declared",
    async () => {
      const own = (setup: string) => ({
        'binder/requirements.txt': DECLARED,
        'setup.py': setup,
        'mine/__init__.py': '',
        'course/index.ipynb': notebook('import importlib.util as u\nprint(u.find_spec("mine"))', VERSIONS),
        'course/more.ipynb': notebook('import mine'),
      });
      const needs = (what: string) =>
        `from setuptools import setup\nsetup(name="mine", packages=["mine"], install_requires=[${what}])\n`;
      for (const [name, setup, found] of [
        ['broken', 'raise SystemExit("no")\n', 'None'],
        ['mover', needs('"numpy>1.24.4"'), 'None'],
        ['fitting', needs('"numpy>1.20"'), expect.stringContaining('/srv/env/lib/')],
      ] as const) {
        const { url } = await world.repo(`own-${name}`, commits(own(setup)));
        const { session } = await world.launch([url]);
        const [spec = '', versions = ''] = await runNotebook(session, 'course/index.ipynb');
        expect([spec.trim(), versions.trim()], name).toEqual([found, '1.5.3 1.24.4']);
        await world.run(['stop', session.session]);
      }
    },
  );

  it('locks what was guessed with the rest', async () => {
    const files = JSON.parse((await world.run(['lock', '--json', world.server.url('tables')])).stdout) as Record<
      string,
      string
    >;
    expect(files['requirements.txt']).toMatch(/^tabulate==0\.9\.0 --hash/m);
    expect(files['requirements.txt']).toMatch(/^pandas==1\.5\.3 --hash/m);
  });
});
