/** What guess.py adds to an environment that is there, with a resolver that knows a few packages. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withProvisions } from '../../../buildpacks/guess/packages.ts';

const SCRIPT = readFileSync(new URL('../../../buildpacks/guess/guess.py', import.meta.url), 'utf8');
const UV = `
import re
NEEDS = {"mediapipe": ["opencv-contrib-python"]}
class Answer:
    kind = "ok"
class Uv:
    def __init__(self, *arguments):
        pass
    def ask(self, versions, *arguments):
        with open(arguments[2]) as file:
            names = file.read().split()
        with open(arguments[arguments.index("-o") + 1], "w") as file:
            file.write("\\n".join([*names, *[need for name in names for need in NEEDS.get(name, [])]]))
        return Answer()
def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()
def say(message):
    print(message)
def stop(*arguments):
    raise SystemExit(str(arguments))
`;
const PYLOCK = `
class Package:
    wheel = True
    def __init__(self, name):
        self.name = name
    def line(self):
        return self.name
def read(path):
    with open(path) as file:
        return [Package(name) for name in file.read().split()]
`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-guess-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** @returns the packages that are added to an environment with these files in its site-packages */
function added(files: readonly string[], guesses: readonly string[]): string[] {
  write('env/bin/python');
  for (const file of files) {
    const [, name, version] = /^([^/]+)-([\d.]+)\.dist-info$/.exec(file) ?? [];
    if (name === undefined) write(`env/lib/python3.9/site-packages/${file}`);
    else write(`env/lib/python3.9/site-packages/${file}/METADATA`, `Name: ${name}\nVersion: ${version}\n`);
  }
  write('lib/uv.py', UV);
  write('lib/pylock.py', PYLOCK);
  write('lib/dependency-metadata.toml');
  const script = SCRIPT.replaceAll('/srv/env', join(root, 'env')).replaceAll(
    '/usr/local/lib/slipway',
    join(root, 'lib'),
  );
  write('guess.py', script);
  const words = ['-E', '-s', '-B', join(root, 'guess.py'), '2024-03-01', ...guesses.map(withProvisions)];
  execFileSync('python3', words, { encoding: 'utf8' });
  const lock = readFileSync(join(root, 'env/share/slipway/guessed/guessed.lock'), 'utf8');
  return lock.split('\n').filter(Boolean);
}

test('what is missing is added', () => {
  expect(added(['numpy-1.26.4.dist-info', 'numpy/__init__.py'], ['numpy', 'seaborn'])).toEqual(['seaborn']);
});

test.each([
  ['a package that brings the same', ['opencv_contrib_python-4.9.0.dist-info'], 'opencv-python-headless'],
  ['a module of that name', ['cv2/__init__.py'], 'opencv-python-headless'],
  ['a module that is one file', ['shapefile.py'], 'pyshp'],
  ['a module that was compiled', ['faiss.cpython-39-x86_64-linux-gnu.so'], 'faiss-cpu'],
  ['a part of a namespace', ['google/cloud/storage/__init__.py'], 'google-cloud-storage'],
])('nothing is added over %s', (_, files, guess) => {
  expect(added(files, [guess, 'seaborn'])).toEqual(['seaborn']);
});

test.each([
  ['another part of a namespace', ['google/cloud/bigquery/__init__.py'], 'google-cloud-storage'],
  ['a folder of data', ['cv2/data/face.xml'], 'opencv-python-headless'],
  ['a package that only does the same', ['gymnasium-0.29.dist-info', 'gymnasium/__init__.py'], 'gym'],
])('%s is no reason to leave one out', (_, files, guess) => {
  expect(added(files, [guess])).toEqual([guess]);
});

test('a guess that another guess brings under another name is not added beside it', () => {
  expect(added([], ['mediapipe', 'opencv-python-headless'])).toEqual(['mediapipe', 'opencv-contrib-python']);
});
