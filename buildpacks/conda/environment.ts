/** environment.yml, as conda's users have it. */
import { joinPath, shown } from '../../src/paths.ts';
import type { Checkout, ConfigFolder, Notice } from '../../src/types.ts';
import { logicalLines, type RequirementLine } from '../python/lines.ts';
import { readRequirementLines } from '../python/requirements.ts';
import { channelName } from './channels.ts';
import { fault } from './faults.ts';
import { withoutForeign } from './foreign.ts';
import { parseSpec } from './specs.ts';
import type { CondaEnvironment, CondaSpec } from './types.ts';
import { readYaml, type YamlMap, type YamlValue } from './yaml.ts';

const KEYS = new Set(['name', 'prefix', 'channels', 'dependencies', 'variables']);
const HINT = 'See docs.conda.io for how environment.yml is written.';

function items(value: YamlValue | undefined, what: string): YamlValue[] {
  // `dependencies:` with nothing after it.
  if (value === undefined || (value.kind === 'text' && value.text === '')) return [];
  if (value.kind !== 'list') throw fault(value, `${what} has to be a list.`, HINT);
  return value.items;
}

function textOf(value: YamlValue, what: string): string {
  if (value.kind === 'text') return value.text;
  throw fault(value, `${what} has to be plain text.`, HINT);
}

function channelsOf(top: YamlMap): string[] {
  const names = items(top.get('channels'), 'channels').map((item) => channelName(item, textOf(item, 'a channel')));
  const kept = [...new Set(names.filter((name) => name !== 'nodefaults'))];
  return kept.length === 0 ? ['conda-forge'] : kept;
}

/** The lines of a `pip:` section, each with its place in the whole file. */
function* pipLines(section: YamlValue): Generator<RequirementLine> {
  for (const item of items(section, 'pip')) {
    for (const line of logicalLines(textOf(item, 'a requirement of pip'), item.file))
      yield { ...line, number: item.line + line.number - 1 };
  }
}

function variablesOf(top: YamlMap): Record<string, string> {
  const value = top.get('variables');
  if (value === undefined || (value.kind === 'text' && value.text === '')) return {};
  if (value.kind !== 'map') throw fault(value, 'variables has to have one name: value on each line.', HINT);
  return Object.fromEntries(
    [...value.entries].map(([name, given]) => {
      const text = textOf(given, `the variable ${shown(name)}`);
      if (!/^[A-Za-z_]\w{0,99}$/.test(name) || name === '__proto__' || /\p{Cc}/u.test(text))
        throw fault(given, `${shown(name)} cannot be a variable of the environment.`, HINT);
      return [name, text];
    }),
  );
}

function keyNotices(top: YamlMap, file: string): Notice[] {
  const idle = ['name', 'prefix'].filter((key) => top.has(key));
  const unknown = [...top.keys()].filter((key) => !KEYS.has(key));
  const notices: Notice[] = [];
  if (idle.length > 0) {
    const message = `${file}: ${idle.join(' and ')} ${idle.length > 1 ? 'are' : 'is'} ignored, for there is one environment and its place is known.`;
    notices.push({ code: 'ignored-key', message, file });
  }
  if (unknown.length > 0) {
    const message = `${file}: unknown here and ignored: ${unknown
      .slice(0, 10)
      .map((key) => shown(key, 40))
      .join(', ')}.`;
    notices.push({ code: 'unknown-key', message, file });
  }
  return notices;
}

interface Dependencies {
  specs: CondaSpec[];
  pip: RequirementLine[];
}

function dependenciesOf(top: YamlMap): Dependencies {
  const found: Dependencies = { specs: [], pip: [] };
  for (const item of items(top.get('dependencies'), 'dependencies')) {
    if (item.kind === 'text') {
      if (item.text.trim() !== '') found.specs.push(parseSpec(item.text, item));
      continue;
    }
    if (item.kind === 'list') throw fault(item, 'a dependency has to be one package.', HINT);
    for (const [key, section] of item.entries) {
      if (key !== 'pip')
        throw fault(section, `${shown(key, 40)} installs nothing; only pip: has a list of its own.`, HINT);
      found.pip.push(...pipLines(section));
    }
  }
  return found;
}

async function readEnvironmentFile(checkout: Checkout, file: string): Promise<CondaEnvironment> {
  const document = await readYaml(checkout, file);
  const isEmpty = document.kind === 'text' && document.text === '';
  if (document.kind !== 'map' && !isEmpty) throw fault(document, 'it has to have keys such as dependencies:.', HINT);
  const top: YamlMap = document.kind === 'map' ? document.entries : new Map();
  const found = dependenciesOf(top);
  const prefix = top.get('prefix');
  const { specs, notices } = withoutForeign(found.specs, prefix?.kind === 'text' ? prefix.text : '', file);
  const pip = found.pip.length === 0 ? undefined : await readRequirementLines(checkout, found.pip);
  const counted = `${specs.length} conda ${specs.length === 1 ? 'package' : 'packages'}`;
  const also = pip === undefined ? '' : ` and ${found.pip.length} of pip`;
  return {
    files: [file, ...(pip?.files ?? [])],
    channels: channelsOf(top),
    specs,
    ...(pip === undefined ? {} : { pip }),
    variables: variablesOf(top),
    evidence: [
      { file, reason: `lists ${counted}${also}` },
      ...(pip?.files ?? []).map((included) => ({ file: included, reason: `is included by ${file}` })),
    ],
    notices: [...keyNotices(top, file), ...notices, ...(pip?.notices ?? [])],
  };
}

/**
 * Reads what describes the conda environment of a repository: environment.yml, and where there is none environment.yaml, as
 * repo2docker takes them.
 * @param _platform `linux/amd64`, as a plan has it
 * @throws SlipwayError `bad_environment_file` with file and line, `unsafe_file`, `file_too_large`, `file_not_text`
 */
export async function readCondaEnvironment(
  checkout: Checkout,
  folder: ConfigFolder,
  _platform: string,
): Promise<CondaEnvironment | undefined> {
  const [yml, yaml] = ['environment.yml', 'environment.yaml'].map((name) => joinPath(folder.path, name)) as [
    string,
    string,
  ];
  const hasYaml = (await checkout.kind(yaml)) !== undefined;
  if ((await checkout.kind(yml)) === undefined) return hasYaml ? readEnvironmentFile(checkout, yaml) : undefined;
  const environment = await readEnvironmentFile(checkout, yml);
  if (hasYaml) {
    const message = `${yaml} is ignored because there is ${yml}.`;
    environment.notices.push({ code: 'ignored-file', message, file: yaml });
  }
  return environment;
}
