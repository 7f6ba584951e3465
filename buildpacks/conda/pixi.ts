/** pixi.toml, and pixi's part of pyproject.toml: what its default environment asks for. */
import { shown } from '../../src/paths.ts';
import type { Checkout, Notice } from '../../src/types.ts';
import type { RequirementLine } from '../python/lines.ts';
import { readRequirementLines } from '../python/requirements.ts';
import { badKey, isTable, readToml, type Table, tableAt, textAt, textsAt } from '../python/toml.ts';
import { channelName } from './channels.ts';
import { chosenFeatures } from './pixi-features.ts';
import { parseSpec } from './specs.ts';
import type { CondaEnvironment, CondaSpec } from './types.ts';
import { checkVariable } from './variables.ts';
import { counted } from './wording.ts';

/** Tables of a manifest that say what is installed, least specific first: a later one wins. */
const CONDA = ['build-dependencies', 'host-dependencies', 'dependencies'];
const KEYS = new Set([
  ...['workspace', 'project', 'feature', 'environments', 'target', 'activation', 'tasks', 'system-requirements'],
  ...['pypi-dependencies', 'pypi-options', '$schema'],
  ...CONDA,
]);

interface Reading {
  file: string;
  /** Where a key stands, for a fault of one package. */
  lineOf(name: string): number;
}

function reading(file: string, text: string): Reading {
  const lines = new Map<string, number>();
  for (const [index, line] of text.split('\n').entries()) {
    const start = line.trimStart().replace(/^["[]+/, '');
    // A key, a key with dots, and what has more in it is in quotes.
    for (const pattern of [/^[\w-]+/, /^[\w.-]+/, /^[^"\]=]+/]) {
      const name = pattern.exec(start)?.[0].trimEnd();
      if (name !== undefined && !lines.has(name)) lines.set(name, index + 1);
    }
  }
  return { file, lineOf: (name) => lines.get(name) ?? 1 };
}

/** Packages that pixi builds itself. */
function isSource(value: unknown): boolean {
  return isTable(value) && ['path', 'git', 'url'].some((key) => value[key] !== undefined);
}

/** One package of a conda table: `numpy = ">=1.15"` or `{ version = …, build = …, channel = … }`. */
function condaSpec({ file, lineOf }: Reading, name: string, value: unknown): CondaSpec {
  const place = { file, line: lineOf(name) };
  if (typeof value === 'string') return parseSpec(`${name} ${value}`, place);
  if (!isTable(value)) throw badKey(file, `dependencies.${name}`, 'has to be a version, or a table with one.');
  const said = (key: string) => textAt(file, `dependencies.${name}.${key}`, value[key]);
  const [version = '*', build, channel] = [said('version'), said('build'), said('channel')];
  const inside = `version='${version}'${build === undefined ? '' : `, build='${build}'`}`;
  const spec = parseSpec(`${name}[${inside}]`, place);
  return channel === undefined ? spec : { ...spec, channel: channelName(place, channel) };
}

/** `1.26` is `==1.26`: pixi wants the sign, and without one it would be part of the name. */
function specifier(version: string): string {
  const plain = version.trim();
  if (plain === '*') return '';
  return /^\d/.test(plain) ? `==${plain}` : plain;
}

/** One of `[pypi-dependencies]`, as a line of a requirements file. */
function pypiLine({ file, lineOf }: Reading, name: string, value: unknown): RequirementLine {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))
    throw badKey(file, `pypi-dependencies.${name}`, 'is no name of a package.');
  const line = (text: string) => ({ file, number: lineOf(name), text });
  if (typeof value === 'string') return line(name + specifier(value));
  if (!isTable(value)) throw badKey(file, `pypi-dependencies.${name}`, 'has to be a version, or a table with one.');
  const said = (key: string) => textAt(file, `pypi-dependencies.${name}.${key}`, value[key]);
  const extras = textsAt(file, `pypi-dependencies.${name}.extras`, value.extras).join(',');
  const whole = extras === '' ? '' : `[${extras}]`;
  const [git, path, url, version = '*'] = [said('git'), said('path'), said('url'), said('version')];
  if (path !== undefined) {
    const inside = /^\.{1,2}(?:\/|$)/.test(path) ? path : `./${path}`;
    return line(`${value.editable === true ? '-e ' : ''}${inside}${whole}`);
  }
  if (url !== undefined) return line(`${name}${whole} @ ${url}`);
  if (git === undefined) return line(name + whole + specifier(version));
  const ref = said('rev') ?? said('tag') ?? said('branch');
  const folder = said('subdirectory');
  const plain = git.replace(/^git\+/, '');
  return line(
    `${name}${whole} @ git+${plain}${ref === undefined ? '' : `@${ref}`}${folder === undefined ? '' : `#subdirectory=${folder}`}`,
  );
}

/** Indexes beside the public one, as options of a requirements file; what they are is checked like those. */
function indexLines(
  { file, lineOf }: Reading,
  tables: readonly Table[],
  packages: Iterable<unknown>,
): RequirementLine[] {
  const named = tables.flatMap((table) => {
    const options = tableAt(file, 'pypi-options', table['pypi-options']);
    const first = textAt(file, 'pypi-options.index-url', options['index-url']);
    const more = textsAt(file, 'pypi-options.extra-index-urls', options['extra-index-urls']);
    return [...(first === undefined ? [] : [`--index-url ${first}`]), ...more.map((url) => `--extra-index-url ${url}`)];
  });
  const own = [...packages].flatMap((value) =>
    isTable(value) && typeof value.index === 'string' ? [value.index] : [],
  );
  const all = new Set([...named, ...own.map((url) => `--extra-index-url ${url}`)]);
  return [...all].map((text) => ({ file, number: lineOf('pypi-options'), text }));
}

function merged(file: string, tables: readonly Table[], keys: readonly string[]): Map<string, unknown> {
  const all = tables.flatMap((table) => keys.map((key) => tableAt(file, key, table[key])));
  return new Map(all.flatMap((table) => Object.entries(table)));
}

function variablesOf(file: string, tables: readonly Table[]): Record<string, string> {
  const all = tables.map((table) => tableAt(file, 'activation', table.activation));
  const entries = [...merged(file, all, ['env'])].map(([name, value]) => {
    const text = String(value);
    checkVariable({ file, line: 1 }, name, text);
    return [name, text] as const;
  });
  return Object.fromEntries(entries);
}

function noticesOf(file: string, manifest: Table, workspace: Table, subdir: string): Notice[] {
  const notices: Notice[] = [];
  const unknown = Object.keys(manifest)
    .filter((key) => !KEYS.has(key))
    .map((key) => shown(key, 40));
  if (unknown.length > 0) {
    const message = `${file}: unknown here and ignored: ${unknown.slice(0, 10).join(', ')}.`;
    notices.push({ code: 'unknown-key', message, file });
  }
  if (tableAt(file, 'activation', manifest.activation).scripts !== undefined) {
    const message = `${file}: activation.scripts is ignored; a start script can do what they do.`;
    notices.push({ code: 'ignored-key', message, file });
  }
  const platforms = textsAt(file, 'platforms', workspace.platforms);
  if (platforms.length > 0 && !platforms.includes(subdir)) {
    const message = `${file} is for ${platforms
      .slice(0, 5)
      .map((name) => shown(name, 20))
      .join(', ')} and not for ${subdir}; it is tried there all the same.`;
    notices.push({ code: 'other-platform', message, file });
  }
  return notices;
}

function sourceNotices(file: string, names: readonly string[]): Notice[] {
  if (names.length === 0) return [];
  const shownNames = names.slice(0, 10).map((name) => shown(name, 40));
  const message = `${file}: only packages of a channel are installed; left out, for pixi would build them: ${shownNames.join(', ')}.`;
  return [{ code: 'source-package', message, file }];
}

/**
 * Reads pixi's manifest.
 * @returns undefined for a pyproject.toml that has nothing of pixi's
 * @throws SlipwayError `bad_environment_file` with the line or the key
 */
export async function readPixi(
  checkout: Checkout,
  file: string,
  subdir: string,
): Promise<CondaEnvironment | undefined> {
  const isPyproject = !file.endsWith('pixi.toml');
  const text = await checkout.read(file);
  // Another pack's file then, and its faults are that pack's.
  if (isPyproject && !text.includes('pixi')) return undefined;
  const toml = await readToml(checkout, file);
  const own = isPyproject ? tableAt(file, 'tool', toml.tool).pixi : toml;
  if (own === undefined) return undefined;
  const manifest = tableAt(file, 'tool.pixi', own);
  const at = reading(file, text);
  const workspace = tableAt(file, 'workspace', manifest.workspace ?? manifest.project);
  const chosen = chosenFeatures(file, manifest, workspace, isPyproject ? toml : {}, subdir);
  const tables = chosen.layers;
  const asked = [...merged(file, tables, CONDA)];
  const sources = asked.filter(([, value]) => isSource(value)).map(([name]) => name);
  const specs = asked.filter(([, value]) => !isSource(value)).map(([name, value]) => condaSpec(at, name, value));
  const fromPypi = merged(file, tables, ['pypi-dependencies']);
  const lines = [
    ...[...fromPypi].map(([name, value]) => pypiLine(at, name, value)),
    ...chosen.lines.map(({ group, text }) => ({ file, number: at.lineOf(group), text })),
  ];
  if (isPyproject) {
    const metadata = tableAt(file, 'project', toml.project);
    const needed = textsAt(file, 'project.dependencies', metadata.dependencies);
    lines.push(...needed.map((text) => ({ file, number: at.lineOf('dependencies'), text })));
    const bounds = textAt(file, 'project.requires-python', metadata['requires-python']);
    if (bounds !== undefined && !specs.some(({ name }) => name === 'python'))
      specs.unshift(parseSpec(`python ${bounds}`, { file, line: at.lineOf('requires-python') }));
  }
  const options = lines.length === 0 ? [] : indexLines(at, tables, fromPypi.values());
  const pip = lines.length === 0 ? undefined : await readRequirementLines(checkout, [...options, ...lines]);
  return {
    files: [file],
    channels: chosen.channels,
    specs,
    ...(pip === undefined ? {} : { pip }),
    variables: variablesOf(file, tables),
    evidence: [{ file, reason: `lists ${counted(specs.length, lines.length)}` }],
    notices: [
      ...noticesOf(file, manifest, workspace, subdir),
      ...sourceNotices(file, sources),
      ...(pip?.notices ?? []),
    ],
  };
}
