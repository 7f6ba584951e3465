/** src/ → dist/: the command and the packages it needs, as a few files that Node reads at once. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import Handlebars from 'handlebars';
import { bundlePages, compiledPages } from './pages.mjs';
import { ROOT } from './run.mjs';

/** Every template, as a path within the package. */
function templates() {
  const folders = ['templates', ...readdirSync(join(ROOT, 'buildpacks')).map((name) => `buildpacks/${name}`)];
  return folders
    .filter((folder) => !folder.endsWith('.ts'))
    .flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`))
    .filter((path) => path.endsWith('.hbs'));
}

/** Templates compiled now: what renders then needs only the runtime of Handlebars. */
const compiledTemplates = {
  name: 'compiled-templates',
  setup({ onLoad, onResolve, resolve }) {
    onLoad({ filter: /[/\\]src[/\\]render[/\\]compile\.ts$/ }, () => {
      const compiled = templates().map((path) => {
        const text = readFileSync(join(ROOT, path), 'utf8');
        return `${JSON.stringify(path)}: ${Handlebars.precompile(text, { strict: true, noEscape: true })}`;
      });
      return {
        contents: `const compiled = {${compiled.join(',\n')}};\nexport const compile = (file) => compiled[file];`,
      };
    });
    onResolve({ filter: /^handlebars$/ }, ({ resolveDir }) =>
      resolve('handlebars/runtime.js', { kind: 'require-call', resolveDir }),
    );
  },
};

/** Taken into the bundle, since the command reads them whenever it runs. Others stay packages: some look for files of their own. */
const BUNDLED = new Set([
  '@lezer/python',
  '@renovatebot/pep440',
  'dockerode',
  'handlebars',
  'ipaddr.js',
  'simple-git',
  'smol-toml',
]);

const otherPackages = {
  name: 'other-packages',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, importer, kind }) => {
      if (kind === 'entry-point') return undefined;
      const [name] = /^(@[^/]+\/)?[^/]+/.exec(path);
      return importer.startsWith(join(ROOT, 'node_modules')) || BUNDLED.has(name)
        ? undefined
        : { path, external: true };
    });
  },
};

/** dockerode brings a gRPC server and an ssh client, which no call of ours uses. */
const withoutUnused = {
  name: 'without-unused',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^(@grpc\/.*|ssh2)$/ }, ({ path }) => ({ path, namespace: 'unused' }));
    onLoad({ filter: /./, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/**
 * Packages in CommonJS ask for Node's own modules by `require`, which a module has to make for itself. Only a file that
 * names it does: dozens of them are read whenever the command starts.
 */
const REQUIRE = `import { createRequire as createRequireOfFile } from 'node:module';
const require = createRequireOfFile(import.meta.url);
`;

const withRequire = ({ path, text }) => ({ path, contents: /\brequire\b/.test(text) ? REQUIRE + text : text });

/** How long files of an earlier build stay, for whatever runs from them and has not read them all yet. */
const KEPT = 86_400_000;

/** Written beside and moved, so that nobody reads half a file; the entry last, when all that it names is there. */
function write(folder, files) {
  mkdirSync(join(folder, 'chunks'), { recursive: true });
  const isEntry = ({ path }) => dirname(path) === folder;
  for (const { path, contents } of [...files].sort((a, b) => isEntry(a) - isEntry(b))) {
    const beside = `${path}.${process.pid}`;
    writeFileSync(beside, contents);
    renameSync(beside, path);
  }
}

function removeOld(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).mtimeMs < Date.now() - KEPT) rmSync(path, { force: true });
  }
}

/**
 * Bundles into a folder. What the sources import when it is needed stays in files of its own; names and lines are
 * kept, so that the stack of a bug can be read.
 */
export async function bundle(folder) {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/main.ts'],
    outdir: folder,
    write: false,
    entryNames: '[name]',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    plugins: [compiledTemplates, compiledPages, withoutUnused, otherPackages],
    logLevel: 'warning',
  });
  await bundlePages(folder, KEPT);
  write(folder, outputFiles.map(withRequire));
  removeOld(join(folder, 'chunks'));
  // Node keeps there what it compiled of earlier ones.
  rmSync(join(folder, 'cache'), { recursive: true, force: true });
}
