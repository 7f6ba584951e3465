/** dist/, bundled from the sources. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './run.mjs';
import { SetupError, say } from './say.mjs';

const DIST = join(ROOT, 'dist');
const STAMP = join(DIST, '.stamp');

function sourcesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'fixtures' ? [] : sourcesIn(path);
    return /\.(ts|hbs|css|svg|png)$/.test(entry.name) ? [path] : [];
  });
}

/** Changes whenever a source does, or Node; names, sizes and dates tell that without reading the files. */
function stampOf() {
  const sources = ['src', 'buildpacks', 'templates'].flatMap((name) => sourcesIn(join(ROOT, name)));
  const names = [
    'package-lock.json',
    'bin/load.cjs',
    ...['bundle', 'code-cache', 'pages'].map((name) => `bin/setup/${name}.mjs`),
  ];
  const makers = names.map((name) => join(ROOT, name));
  const hash = createHash('sha256').update(`${process.version} ${process.arch}\n`);
  for (const path of [...sources, ...makers].sort()) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

async function build(stamp) {
  // Known only now: packages are installed by the time something is compiled.
  const { bundle } = await import('./bundle.mjs');
  await bundle(DIST).catch(() => {
    throw new SetupError('Compiling failed; the compiler says above where.');
  });
  writeFileSync(STAMP, stamp);
}

/** Compiles unless dist/ is that of the sources as they are. */
export async function compile() {
  if (!existsSync(join(ROOT, 'src'))) return;
  const stamp = stampOf();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return;
  say('Compiling …');
  await build(stamp);
}
