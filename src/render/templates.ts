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

export function writeLines(path: string, lines: readonly string[], then = ''): string {
  // Single quotes keep everything as it is for the shell; a line that ended in a backslash would continue the instruction.
  const words = lines.map((line) => `'${line.replaceAll("'", `'"'"'`)}'`);
  if (words.length === 0) return `RUN : > ${quote(path)}${then}`;
  const runs = inRuns(words);
  const write = (run: string[], index: number) => {
    const end = index === runs.length - 1 ? then : '';
    return `RUN ${continued(["printf '%s\\n'", ...run, `${index === 0 ? '>' : '>>'} ${quote(path)}${end}`])}`;
  };
  return runs.map(write).join('\n');
}

function createEngine(): typeof Handlebars {
  const engine = Handlebars.create();
  engine.registerHelper('q', (value: unknown) => quote(value));
  engine.registerHelper('lines', (path: string, lines: readonly string[]) => writeLines(path, lines));
  engine.registerHelper('script', (path: string, file: string, options: Handlebars.HelperOptions) => {
    const { folder } = options.data as TemplateData;
    const text = readFileSync(join(folder, file), 'utf8').trimEnd();
    return writeLines(path, text.split('\n'), ` && chmod 755 ${quote(path)}`);
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
