/** dist/, compiled from the sources. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from './run.mjs';
import { SetupError, say } from './say.mjs';

const DIST = join(ROOT, 'dist');
const STAMP = join(DIST, '.stamp');

function sourcesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'fixtures' ? [] : sourcesIn(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

/** Changes whenever a source does; names, sizes and dates tell that without reading the files. */
function stampOf() {
  const configs = ['tsconfig.json', 'tsconfig.build.json'].map((name) => join(ROOT, name));
  const hash = createHash('sha256').update(process.version);
  for (const path of [...sourcesIn(join(ROOT, 'src')), ...sourcesIn(join(ROOT, 'buildpacks')), ...configs].sort()) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Compiles beside dist/ and then takes its place, so that whatever runs from it is never half there. */
async function build(stamp) {
  const draft = join(ROOT, 'node_modules', '.cache', 'slipway', `dist-${process.pid}`);
  const old = `${draft}-old`;
  mkdirSync(join(draft, '..'), { recursive: true });
  try {
    const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const code = await run(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', draft]);
    if (code !== 0) throw new SetupError('Compiling failed; the compiler says above where.');
    writeFileSync(join(draft, '.stamp'), stamp);
    if (existsSync(DIST)) renameSync(DIST, old);
    renameSync(draft, DIST);
  } finally {
    rmSync(draft, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

/** Compiles unless dist/ is that of the sources as they are. */
export async function compile() {
  if (!existsSync(join(ROOT, 'src'))) return;
  const stamp = stampOf();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return;
  say('Compiling …');
  await build(stamp);
}
