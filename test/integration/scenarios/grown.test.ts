/** An environment with a package more than one that the engine has goes on from that one, and comes to the same. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readFileFromImage } from '../../../src/build/image-files.ts';
import { itInFull } from '../../support/full.ts';
import { runNotebook } from '../../support/kernel.ts';
import { notebook } from '../../support/notebook.ts';
import { expectOutputs, NONCE } from '../../support/scenario.ts';
import { openWorld, type World } from '../../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

/** Never built before, for a marker that always holds. */
const own = (name: string) => `six; python_version != "9.${NONCE}${name}"`;
const MISFIT = /does not fit, so this one is made from the start/;

/** Its image, what the build said, and the layers of its environment. */
async function build(name: string, lines: string[], ...more: string[]) {
  const files = { 'requirements.txt': `${lines.join('\n')}\n`, 'index.ipynb': notebook('import six, tabulate', '7') };
  const { url } = await world.repo(name, [{ date: '2024-03-10', files }]);
  const run = await world.run(['build', '--json', ...more, url]);
  const built = run.events.find(({ phase }) => phase === 'built');
  if (built?.phase !== 'built') throw new Error(run.stdout);
  const { RootFS } = await world.docker.getImage((await world.plan([url])).tiers.environment.image).inspect();
  const said = run.events.map(({ message }) => message).join('');
  return { url, said, image: built.imageName, layers: RootFS.Layers ?? [] };
}

const lockOf = async (image: string) =>
  String(
    await readFileFromImage(world.docker, image, '/srv/env/share/slipway/python.lock', { SLIPWAY_DATA: world.data }),
  );

/** Every file of the environment with its content's hash; byte code says when its source was written. */
async function filesOf(image: string): Promise<string[]> {
  const look = `cd /srv/env && find . -path '*/__pycache__/*' -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
    find . -type l -printf '%p -> %l\\n' | sort; find . -name '*.pyc' | sort; find . ! -user 1000`;
  const container = await world.docker.createContainer({
    Image: image,
    Entrypoint: ['sh', '-c', look],
    Cmd: [],
    Tty: true,
  });
  try {
    await container.start();
    await container.wait();
    const log = await container.logs({ stdout: true, stderr: true });
    return log.toString().replaceAll('\r', '').split('\n');
  } finally {
    await container.remove({ force: true, v: true });
  }
}

it('has the layers of the other, and the same files as one that was made from the start', async () => {
  const first = await build('first', [own('a')]);
  const more = await build('more', [own('a'), 'tabulate']);
  expect(more.said).toContain('Installing Python packages');
  expect(more.said).not.toMatch(MISFIT);
  expect(more.layers.slice(0, first.layers.length)).toEqual(first.layers);
  const { session } = await world.launch([more.url]);
  expectOutputs(await runNotebook(session, 'index.ipynb'), ['', '7']);
  await world.run(['stop', session.session]);

  const grown = await filesOf(more.image);
  const fromStart = await build('more', [own('a'), 'tabulate'], '--refresh');
  expect(fromStart.layers.slice(0, first.layers.length)).not.toEqual(first.layers);
  expect(await lockOf(more.image)).toBe(await lockOf(fromStart.image));
  expect(grown.length).toBeGreaterThan(1000);
  expect(grown).toEqual(await filesOf(fromStart.image));
});

itInFull('goes on from one that was made from the start, so layers do not pile up', async () => {
  const first = await build('one', [own('b')]);
  await build('two', [own('b'), 'tabulate']);
  const third = await build('three', [own('b'), 'tabulate', 'idna']);
  const second = await build('two', [own('b'), 'tabulate']);
  expect(third.layers.slice(0, first.layers.length)).toEqual(first.layers);
  expect(third.layers).toHaveLength(second.layers.length);
});

it('is made from the start where what is asked for moves another version', async () => {
  const first = await build('newest', [own('c'), 'idna']);
  const moved = await build('moved', [own('c'), 'idna', 'requests==2.20.0']);
  expect(moved.said).toMatch(MISFIT);
  expect(moved.layers.slice(0, first.layers.length)).not.toEqual(first.layers);
  expect(await lockOf(moved.image)).toMatch(/^idna==2\.7 /m);
});

itInFull('is made from the start where something has to be built', async () => {
  await build('wheels', [own('d')]);
  const { said, image } = await build('source', [own('d'), 'docopt==0.6.2']);
  expect(said).toMatch(MISFIT);
  expect(await lockOf(image)).toMatch(/^six==/m);
});
