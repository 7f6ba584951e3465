/** What lines of requirements files, manifests and locks add to an environment. */
import { SlipwayError } from '../../src/errors.ts';
import { folderOf, resolveInside, shown } from '../../src/paths.ts';
import { type Option, placeOf, type RequirementLine } from './lines.ts';
import { FULL_SHA, type Parsed, parseRequirement } from './requirement.ts';
import type { Requirements } from './requirements.ts';

export function fault(line: RequirementLine, problem: string, hint: string): SlipwayError {
  return new SlipwayError('bad_environment_file', `${placeOf(line)}: ${problem}`, { hint });
}

export function includedPath(line: RequirementLine, path: string, folder = folderOf(line.file)): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) {
    throw fault(
      line,
      `it includes ${shown(path)}, which is not a file of the repository.`,
      'Copy that file into the repository and include it by its path.',
    );
  }
  if (/\p{Cc}/u.test(path))
    throw new SlipwayError(
      'unsafe_file',
      `${placeOf(line)}: it includes ${shown(path)}, a path with control characters.`,
      {
        hint: 'Rename that file or folder.',
      },
    );
  const inside = resolveInside(folder, path);
  if (inside === undefined) {
    throw new SlipwayError(
      'unsafe_file',
      `${placeOf(line)}: it includes ${shown(path)}, which lies outside the repository.`,
      {
        hint: 'Only files of the repository can be included.',
      },
    );
  }
  return inside;
}

export function isPypi(url: string): boolean {
  return /^https?:\/\/pypi\.(?:org|python\.org)(?:\/|$)/i.test(url);
}

/** The options without PyPI, unless another index takes its place, and of those that do the last. */
export function countingIndexes(options: readonly string[]): string[] {
  const pairs = options.flatMap((name, at) => (at % 2 === 0 ? [{ name, url: options[at + 1] ?? '' }] : []));
  const main = pairs.findLast(({ name }) => name === '--index-url');
  const isReplaced = main !== undefined && !isPypi(main.url);
  const counting = pairs.filter((one) => {
    if (one.name === '--index-url') return isReplaced && one === main;
    return one.name === '--find-links' || isReplaced || !isPypi(one.url);
  });
  return counting.flatMap(({ name, url }) => [name, url]);
}

export function takeIndex(
  result: Requirements,
  line: RequirementLine,
  option: Extract<Option, { kind: 'index' }>,
): void {
  result.indexOptions.push(...option.arguments);
  if (isPypi(option.value) && option.arguments[0] !== '--find-links') return;
  const message = `${placeOf(line)}: packages are also taken from ${shown(option.value)}, which is not dated and shares no cache.`;
  result.notices.push({ code: 'own-index', message, file: line.file });
}

export interface How {
  editable: boolean;
  asConstraints: boolean;
  /** What a path is relative to; else the file's folder. */
  base?: string;
}

/** Adds one requirement, whatever file it comes from. @throws SlipwayError `bad_environment_file`, `unsafe_file` */
export function takeRequirement(result: Requirements, line: RequirementLine, text: string, how: How): void {
  takeParsed(result, line, parseRequirement(text, line), how);
}

export function takeParsed(result: Requirements, line: RequirementLine, parsed: Parsed, how: How): void {
  if (parsed.notice) result.notices.push({ ...parsed.notice, file: line.file });
  switch (parsed.kind) {
    case 'dropped':
      return;
    case 'local': {
      if (how.asConstraints) {
        const message = `${placeOf(line)}: ${shown(parsed.path)} is ignored as a constraint, which installs nothing.`;
        result.notices.push({ code: 'ignored-option', message, file: line.file });
        return;
      }
      const path = includedPath(line, parsed.path, how.base);
      const marker = parsed.marker === '' ? {} : { marker: { text: parsed.marker, where: placeOf(line) } };
      result.local.push({ path, extras: parsed.extras, editable: how.editable, file: line.file, ...marker });
      return;
    }
    case 'named': {
      (how.asConstraints ? result.constraints : result.requirements).push(parsed.line);
      if (!how.asConstraints) result.names.add(parsed.name);
      if (!how.asConstraints && parsed.hashed) result.hashed += 1;
      if (parsed.git !== undefined && !FULL_SHA.test(parsed.git.ref ?? ''))
        result.git.push({ ...parsed.git, line: parsed.line, where: placeOf(line) });
      if (parsed.pin !== undefined) result.pins.push({ name: parsed.name, version: parsed.pin, file: line.file });
    }
  }
}
