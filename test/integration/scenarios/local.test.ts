/** A folder of this machine as the repository; and the same plan wherever it is made. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNotebook } from '../../support/kernel.ts';
import { notebook } from '../../support/notebook.ts';
import { git, tempFolder, workTree } from '../../support/repo.ts';
import { expectOutputs } from '../../support/scenario.ts';
import { openWorld, type World } from '../../support/world.ts';

const FILES = {
  'requirements.txt': 'six==1.15.0\ncowsay==5.0\n',
  'index.ipynb': notebook('import six\nprint(open("note.txt").read(), six.__version__)'),
  'note.txt': 'first',
};

describe('a local folder', () => {
  let world: World;
  let folder: Awaited<ReturnType<typeof tempFolder>>;
  let [clean, plain, sha] = ['', '', ''];

  beforeAll(async () => {
    world = await openWorld();
    folder = await tempFolder('local');
    const { shas } = await world.repo('local', [{ date: '2024-03-10', files: FILES }]);
    sha = shas[0] ?? '';
    clean = await workTree(join(world.server.root, 'local.git'), join(folder.path, 'clean'));
    plain = join(folder.path, 'plain');
    await mkdir(plain);
    for (const [name, text] of Object.entries(FILES)) await writeFile(join(plain, name), text);
  });
  afterAll(async () => {
    await world?.close();
    await folder?.remove();
  });

  const outputs = async (path: string) => {
    const { session } = await world.launch([path]);
    const said = await runNotebook(session, 'index.ipynb');
    await world.run(['stop', session.session]);
    return said;
  };

  it('that is clean goes by its commit, and is left as it was', async () => {
    expect((await world.plan([clean])).commit).toBe(sha);
    expectOutputs(await outputs(clean), ['first 1.15.0']);
    expect(await git(clean, 'status', '--porcelain', '--ignored')).toBe('');
  });

  it('that is dirty goes by the hash of its content', async () => {
    await writeFile(join(clean, 'note.txt'), 'second');
    await writeFile(join(clean, 'new.txt'), 'untracked');
    const { commit, tiers } = await world.plan([clean]);
    expect(commit).toMatch(/^local-[0-9a-f]+$/);
    expectOutputs(await outputs(clean), ['second 1.15.0']);
    expect((await world.plan([clean])).commit).toBe(commit);
    await writeFile(join(clean, 'new.txt'), 'changed');
    expect((await world.plan([clean])).commit).not.toBe(commit);
    expect((await world.plan([clean])).tiers.environment).toEqual(tiers.environment);
    await git(clean, 'checkout', '--quiet', '--', 'note.txt');
    await rm(join(clean, 'new.txt'));
    expect((await world.plan([clean])).commit).toBe(sha);
  });

  it('that is no repository, too', async () => {
    expect((await world.plan([plain])).commit).toMatch(/^local-[0-9a-f]+$/);
    expectOutputs(await outputs(plain), ['first 1.15.0']);
  });

  it('that does not exist is refused', async () => {
    const failed = await world.fail(['launch', '--json', join(folder.path, 'nowhere')]);
    expect(failed.message).toContain('nowhere');
    expect(['repo_not_found', 'bad_spec']).toContain(failed.code);
  });
});

describe('a plan', () => {
  const settings = [{}, { SLIPWAY_MIRROR_PYPI: 'https://pypi.org/simple/', TZ: 'Asia/Tokyo', LC_ALL: 'C' }];
  let worlds: World[] = [];
  afterAll(async () => {
    for (const world of worlds) await world.close();
  });

  it('is the same bytes on every machine, in every data folder', async () => {
    worlds = [await openWorld(settings[0]), await openWorld(settings[1])];
    const [one, two] = worlds as [World, World];
    const files = { ...FILES, 'setup.py': 'from setuptools import setup\nsetup(name="x", install_requires=["six"])\n' };
    const { url } = await one.repo('same', [{ date: '2022-05-10', files }]);
    const allowed = { SLIPWAY_ALLOWED_HOSTS: one.server.host };
    const first = await one.run(['plan', '--json', url]);
    expect(first.exitCode, first.stderr).toBe(0);
    expect((await one.run(['plan', '--json', url])).stdout).toBe(first.stdout);
    expect((await two.run(['plan', '--json', url], allowed)).stdout).toBe(first.stdout);
    const latest = await two.plan([url], { ...allowed, SLIPWAY_AS_OF: '2023-03-03' });
    expect(latest.tiers.environment.key).not.toBe(JSON.parse(first.stdout).tiers.environment.key);
  });
});
