/** environment.yml, as conda's users have it. */
import { shown } from '../../src/paths.ts';
import type { Checkout, Notice } from '../../src/types.ts';
import { logicalLines, type RequirementLine } from '../python/lines.ts';
import { readRequirementLines } from '../python/requirements.ts';
import { channelName } from './channels.ts';
import { fault } from './faults.ts';
import { withoutForeign } from './foreign.ts';
import { parseSpec } from './specs.ts';
import type { CondaEnvironment, CondaSpec } from './types.ts';
import { checkVariable } from './variables.ts';
import { counted } from './wording.ts';
import { entriesOf, itemsOf, readYaml, textOf, type YamlMap, type YamlValue } from './yaml.ts';

const KEYS = new Set(['name', 'prefix', 'channels', 'dependencies', 'variables']);
const HINT = 'See docs.conda.io for how environment.yml is written.';

function channelsOf(top: YamlMap): string[] {
  const names = itemsOf(top.get('channels'), 'channels').map((item) => channelName(item, textOf(item, 'a channel')));
  const kept = [...new Set(names.filter((name) => name !== 'nodefaults'))];
  return kept.length === 0 ? ['conda-forge'] : kept;
}

/** The lines of a `pip:` section, each with its place in the whole file. */
function* pipLines(section: YamlValue): Generator<RequirementLine> {
  for (const item of itemsOf(section, 'pip')) {
    for (const line of logicalLines(textOf(item, 'a requirement of pip'), item.file))
      yield { ...line, number: item.line + line.number - 1 };
  }
}

function variablesOf(top: YamlMap): Record<string, string> {
  return Object.fromEntries(
    [...entriesOf(top.get('variables'), 'variables')].map(([name, value]) => {
      const text = textOf(value, `the variable ${shown(name)}`);
      checkVariable(value, name, text);
      return [name, text];
    }),
  );
}

function keyNotices(top: YamlMap, file: string): Notice[] {
  const idle = ['name', 'prefix'].filter((key) => top.has(key));
  const unknown = [...top.keys()].filter((key) => !KEYS.has(key)).map((key) => shown(key, 40));
  const notices: Notice[] = [];
  if (idle.length > 0) {
    const message = `${file}: ${idle.join(' and ')} ${idle.length > 1 ? 'are' : 'is'} ignored, for there is one environment and its place is known.`;
    notices.push({ code: 'ignored-key', message, file });
  }
  if (unknown.length > 0) {
    const message = `${file}: unknown here and ignored: ${unknown.slice(0, 10).join(', ')}.`;
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
  for (const item of itemsOf(top.get('dependencies'), 'dependencies')) {
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

/** Reads environment.yml under whatever name. @throws SlipwayError `bad_environment_file` with line and column */
export async function readEnvironmentFile(checkout: Checkout, file: string): Promise<CondaEnvironment> {
  const document = await readYaml(checkout, file);
  if (document.kind === 'list' || (document.kind === 'text' && document.text !== ''))
    throw fault(document, 'it has to have keys such as dependencies:.', HINT);
  const top = entriesOf(document, file);
  const found = dependenciesOf(top);
  const prefix = top.get('prefix');
  const { specs, notices } = withoutForeign(found.specs, prefix?.kind === 'text' ? prefix.text : '', file);
  const pip = found.pip.length === 0 ? undefined : await readRequirementLines(checkout, found.pip);
  return {
    files: [file, ...(pip?.files ?? [])],
    channels: channelsOf(top),
    specs,
    ...(pip === undefined ? {} : { pip }),
    variables: variablesOf(top),
    evidence: [
      { file, reason: `lists ${counted(specs.length, found.pip.length)}` },
      ...(pip?.files ?? []).map((included) => ({ file: included, reason: `is included by ${file}` })),
    ],
    notices: [...keyNotices(top, file), ...notices, ...(pip?.notices ?? [])],
  };
}
