/** What browsers are given: code and styles bundled, pictures copied, all under names that change with their bytes. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, extname, join, relative } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import Handlebars from 'handlebars';
import { ROOT } from './run.mjs';

const TEMPLATES = join(ROOT, 'templates', 'pages');
const SOURCES = join(ROOT, 'src', 'web');

/** Templates of pages, compiled now, in place of the module that compiles them when they are asked for. */
export const compiledPages = {
  name: 'compiled-pages',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]src[/\\]web[/\\]pages[/\\]compile\.ts$/ }, () => {
      const compiled = readdirSync(TEMPLATES).map((file) => {
        const text = readFileSync(join(TEMPLATES, file), 'utf8');
        return `${JSON.stringify(basename(file, '.hbs'))}: ${Handlebars.precompile(text)}`;
      });
      return {
        contents: `const compiled = {${compiled.join(',\n')}};\nexport const compile = (name) => compiled[name];`,
      };
    });
  },
};

/** What the parser of specs imports for the command line and never calls in a browser. */
const withoutNode = {
  name: 'without-node',
  setup({ onResolve }) {
    const absent = join(SOURCES, 'browser', 'absent.ts');
    onResolve({ filter: /^(node:.*|ipaddr\.js)$/ }, () => ({ path: absent, sideEffects: false }));
  },
};

const entries = () => [
  ...['front', 'launch', 'session', 'board'].map((name) => join(SOURCES, 'browser', `${name}.ts`)),
  ...['style', 'document', 'terminal'].map((name) => join(SOURCES, 'pages', 'styles', `${name}.css`)),
  ...readdirSync(join(SOURCES, 'pages', 'pictures')).map((name) => join(SOURCES, 'pages', 'pictures', name)),
];

/** Compressed once and for all; pictures that are so already stay as they are. */
function compressed(path, bytes) {
  return ['.js', '.css', '.svg'].includes(extname(path)) ? [[`${path}.br`, brotliCompressSync(bytes)]] : [];
}

function write(path, bytes) {
  writeFileSync(`${path}.${process.pid}`, bytes);
  renameSync(`${path}.${process.pid}`, path);
}

/**
 * Bundles into `<folder>/assets`; `names.json` there says what each source is called, and is written last.
 * @param kept milliseconds that files of earlier builds stay, for pages that are open
 */
export async function bundlePages(folder, kept) {
  const assets = join(folder, 'assets');
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: entries(),
    outdir: assets,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['chrome109', 'firefox115', 'safari16'],
    loader: { '.svg': 'copy', '.png': 'copy' },
    plugins: [withoutNode],
    logLevel: 'warning',
  });
  mkdirSync(assets, { recursive: true });
  for (const { path, contents } of outputFiles)
    for (const [file, bytes] of [[path, contents], ...compressed(path, contents)]) write(file, bytes);
  const named = Object.entries(metafile.outputs).flatMap(([path, { entryPoint }]) =>
    entryPoint === undefined
      ? []
      : [[basename(entryPoint).replace(/\.ts$/, '.js'), relative(assets, join(ROOT, path))]],
  );
  write(join(assets, 'names.json'), JSON.stringify(Object.fromEntries(named), undefined, 1));
  for (const name of readdirSync(assets)) {
    const path = join(assets, name);
    if (statSync(path).mtimeMs < Date.now() - kept) rmSync(path, { force: true });
  }
}
