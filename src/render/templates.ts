/** The Handlebars engine for Dockerfiles: strict, unescaped, every value through a quoting helper. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Handlebars from 'handlebars';
import { PACKAGE_ROOT } from '../root.ts';
import type { Suite } from '../types.ts';
import { compile } from './compile.ts';

/** `engine`: with mounts, mirrors and caches of ours. `take-home`: for plain `docker build`. */
export type Rendering = 'engine' | 'take-home';

interface TemplateData {
  rendering: Rendering;
  suite: Suite;
  /** Absolute folder of the template, against which scripts are named. */
  folder: string;
}

const CACHES: Record<string, (suite: Suite) => string> = {
  apt: (suite) => `--mount=type=cache,id=slipway-apt-${suite},target=/var/cache/slipway/apt,sharing=locked`,
  uv: () => '--mount=type=cache,id=slipway-uv,target=/var/cache/slipway/uv,uid=1000,gid=1000',
  conda: () => '--mount=type=cache,id=slipway-conda,target=/var/cache/slipway/conda,uid=1000,gid=1000',
};

/** One word of POSIX sh. Backslash and newline would mean something to the Dockerfile itself, so they are refused. */
export function quote(value: unknown): string {
  const text = String(value);
  if (/[\0\r\n]/.test(text)) throw new Error('A value with a line break cannot stand in a Dockerfile.');
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}

function continued(lines: readonly string[]): string {
  return lines.join(' \\\n    ');
}

/** Characters of one RUN: Linux takes 128 KB as one argument, and the whole of it is the shell's. */
const MOST_IN_RUN = 60_000;

function inRuns(words: readonly string[]): string[][] {
  const runs: string[][] = [[]];
  let size = 0;
  for (const word of words) {
    size += word.length + 8;
    if (size > MOST_IN_RUN && runs.at(-1)?.length !== 0) {
      runs.push([]);
      size = word.length + 8;
    }
    runs.at(-1)?.push(word);
  }
  return runs;
}

/** Single quotes keep everything as it is for the shell; a line that ended in a backslash would continue the instruction. */
function literal(line: string): string {
  return `'${line.replaceAll("'", `'"'"'`)}'`;
}

export function writeLines(path: string, lines: readonly string[]): string {
  if (lines.length === 0) return `RUN : > ${quote(path)}`;
  const write = (run: string[], index: number) =>
    `RUN ${continued(["printf '%s\\n'", ...run, `${index === 0 ? '>' : '>>'} ${quote(path)}`])}`;
  return inRuns(lines.map(literal)).map(write).join('\n');
}

/**
 * Writes files that may be executed; as few RUNs as have room for them, since each is a layer of every image above.
 * @param files path in the image and text
 */
export function writeScripts(files: readonly (readonly [path: string, text: string])[]): string {
  const writes = files.map(([path, text]) => {
    const target = quote(path);
    return continued([
      "printf '%s\\n'",
      ...text.trimEnd().split('\n').map(literal),
      `> ${target} && chmod 755 ${target}`,
    ]);
  });
  return inRuns(writes)
    .map((run) => `RUN ${run.join(' && \\\n    ')}`)
    .join('\n');
}

function createEngine(): typeof Handlebars {
  const engine = Handlebars.create();
  engine.registerHelper('q', (value: unknown) => quote(value));
  engine.registerHelper('lines', (path: string, lines: readonly string[]) => writeLines(path, lines));
  // A line for each: where it goes, and which file beside the template it is.
  engine.registerHelper('scripts', function scripts(this: unknown, options: Handlebars.HelperOptions) {
    const { folder } = options.data as TemplateData;
    const lines = options.fn(this, { data: options.data }).trim().split('\n');
    const read = (line: string) => {
      const [path = '', file = ''] = line.trim().split(' ');
      return [path, readFileSync(join(folder, file), 'utf8')] as const;
    };
    return `${writeScripts(lines.map(read))}\n`;
  });
  // The template's own line break after a block is not kept, so it ends in one.
  engine.registerHelper('run', function run(this: unknown, options: Handlebars.HelperOptions) {
    const { rendering, suite } = options.data as TemplateData;
    const caches = String(options.hash.caches ?? '')
      .split(' ')
      .filter((name) => name !== '');
    const lines = options
      .fn(this, { data: options.data })
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
    if (rendering === 'take-home') {
      const clean = caches.includes('apt') ? ['; rm -rf /var/lib/apt/lists/*'] : [];
      return `RUN ${continued(['set -eu;', ...lines, ...clean])}\n`;
    }
    const mounts = caches.map((name) => CACHES[name]?.(suite) ?? '');
    const support = '--mount=type=bind,source=.slipway,target=/run/slipway';
    return `RUN ${continued([[support, ...mounts].join(' '), 'set -eu; . /run/slipway/env;', ...lines])}\n`;
  });
  return engine;
}

const engine = createEngine();
const compiled = new Map<string, Handlebars.TemplateDelegate>();

/**
 * Renders one template.
 * @param file path within the package, e.g. `buildpacks/apt/install.hbs`
 */
export function renderTemplate(file: string, values: object, rendering: Rendering, suite: Suite): string {
  const template = compiled.get(file) ?? engine.template(compile(file));
  compiled.set(file, template);
  const data: TemplateData = { rendering, suite, folder: dirname(join(PACKAGE_ROOT, file)) };
  return template(values, { data }).trim();
}
