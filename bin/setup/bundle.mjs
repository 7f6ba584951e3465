/** src/ → dist/: the command and the packages it needs, as one file that Node reads at once. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import Handlebars from 'handlebars';
import { keepCompiled } from './code-cache.mjs';
import { bundlePages, compiledPages } from './pages.mjs';
import { ROOT } from './run.mjs';
import { say } from './say.mjs';

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
  'tar-stream',
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

/** How long pages' files of an earlier build stay, for browsers that have not read them all yet. */
const KEPT = 86_400_000;

/** A text that begins with its hash, by which its compiled form is known; in ASCII, which is read fastest: comments are not. */
function finished(text) {
  const ascii = text.replace(/[\u0080-\uffff]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `// ${createHash('sha256').update(ascii).digest('hex')}\n${ascii}`;
}

/** Written beside and moved, so that nobody reads half a file. */
function write(path, text) {
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, text);
  renameSync(beside, path);
}

/** Bundles into a folder. Names and lines are kept, so that the stack of a bug can be read. */
export async function bundle(folder) {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/main.ts'],
    outdir: folder,
    write: false,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    // V8 keeps the compiled form of a script, not of a module: what else a module has is given to it.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'urlOfFile' },
    banner: { js: "'use strict';\nconst urlOfFile = require('node:url').pathToFileURL(__filename).href;" },
    plugins: [compiledTemplates, compiledPages, withoutUnused, otherPackages],
    logLevel: 'warning',
  });
  await bundlePages(folder, KEPT);
  const file = join(folder, 'main.cjs');
  write(file, finished(outputFiles[0].text));
  try {
    keepCompiled(file);
  } catch (error) {
    say(`The command will take longer to start, for its compiled form could not be kept: ${error.message}`);
  }
}
