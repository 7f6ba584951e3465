/** requirements.txt and what it includes, by pip's grammar but strictly: what comes out is safe to hand to uv. */
import { SlipwayError } from '../../src/errors.ts';
import { folderOf, joinPath, resolveInside, shown } from '../../src/paths.ts';
import type { Checkout, Notice } from '../../src/types.ts';
import { logicalLines, type RequirementLine, readOption } from './lines.ts';
import { parseRequirement } from './requirement.ts';

/** A requirement that names a folder or a file of the repository: it can only be installed with the content. */
export interface LocalRequirement {
  /** Path in the repository, '' for its root. */
  path: string;
  extras: string;
  editable: boolean;
  file: string;
}

export interface Requirements {
  /** PEP 508 lines for uv, in file order. */
  requirements: string[];
  constraints: string[];
  /** `name==version` pins without a marker. */
  pins: { name: string; version: string; file: string }[];
  /** Normalised names of all that is asked for. */
  names: Set<string>;
  local: LocalRequirement[];
  /** Options of an index of the repository's own, as uv takes them: `--extra-index-url https://…`. */
  indexOptions: string[];
  /** Every file read, in order. */
  files: string[];
  notices: Notice[];
}

const MOST_FILES = 50;

function fault(line: RequirementLine, problem: string, hint: string): SlipwayError {
  return new SlipwayError('bad_environment_file', `${line.file}, line ${line.number}: ${problem}`, { hint });
}

function includedPath(line: RequirementLine, path: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) {
    throw fault(
      line,
      `it includes ${shown(path)}, which is not a file of the repository.`,
      'Copy that file into the repository and include it by its path.',
    );
  }
  const inside = resolveInside(folderOf(line.file), path);
  if (inside === undefined) {
    throw new SlipwayError(
      'unsafe_file',
      `${line.file}, line ${line.number}: it includes ${shown(path)}, which lies outside the repository.`,
      {
        hint: 'Only files of the repository can be included.',
      },
    );
  }
  return inside;
}

/** Reads one file and, depth first, what it includes; a file included twice counts once. */
async function readInto(result: Requirements, checkout: Checkout, file: string, asConstraints: boolean): Promise<void> {
  if (result.files.includes(file)) return;
  if (result.files.length >= MOST_FILES) {
    throw new SlipwayError(
      'bad_environment_file',
      `${file}: more than ${MOST_FILES} requirements files include each other.`,
      {
        hint: 'Put the requirements into fewer files.',
      },
    );
  }
  result.files.push(file);
  await takeLines(result, checkout, logicalLines(await checkout.read(file), file), asConstraints);
}

async function takeLines(
  result: Requirements,
  checkout: Checkout,
  lines: Iterable<RequirementLine>,
  asConstraints: boolean,
): Promise<void> {
  for (const line of lines) {
    if (line.text.startsWith('-')) await takeOption(result, checkout, line, asConstraints);
    else takeRequirement(result, line, line.text, { editable: false, asConstraints });
  }
}

async function takeOption(
  result: Requirements,
  checkout: Checkout,
  line: RequirementLine,
  asConstraints: boolean,
): Promise<void> {
  const option = readOption(line);
  switch (option.kind) {
    case 'requirements':
    case 'constraints': {
      const path = includedPath(line, option.value);
      if ((await checkout.kind(path)) === undefined) {
        throw fault(
          line,
          `it includes ${shown(option.value)}, which does not exist.`,
          'Add that file to the repository or remove the line.',
        );
      }
      return readInto(result, checkout, path, asConstraints || option.kind === 'constraints');
    }
    case 'editable':
      return takeRequirement(result, line, option.value, { editable: true, asConstraints });
    case 'index': {
      result.indexOptions.push(...option.arguments);
      const message = `${line.file}, line ${line.number}: packages are also taken from ${shown(option.value)}, which is not dated and shares no cache.`;
      result.notices.push({ code: 'own-index', message, file: line.file });
      return;
    }
    case 'ignored': {
      const message = `${line.file}, line ${line.number}: ${shown(option.value)} is ignored, ${option.reason}.`;
      result.notices.push({ code: 'ignored-option', message, file: line.file });
      return;
    }
    case 'silent':
      return;
  }
}

function takeRequirement(
  result: Requirements,
  line: RequirementLine,
  text: string,
  how: { editable: boolean; asConstraints: boolean },
): void {
  const parsed = parseRequirement(text, line);
  if (parsed.notice) result.notices.push({ ...parsed.notice, file: line.file });
  switch (parsed.kind) {
    case 'dropped':
      return;
    case 'local': {
      const path = includedPath(line, parsed.path);
      result.local.push({ path, extras: parsed.extras, editable: how.editable, file: line.file });
      return;
    }
    case 'named': {
      (how.asConstraints ? result.constraints : result.requirements).push(parsed.line);
      if (!how.asConstraints) result.names.add(parsed.name);
      if (parsed.pin !== undefined) result.pins.push({ name: parsed.name, version: parsed.pin, file: line.file });
    }
  }
}

/** What an empty requirements file holds. */
export function noRequirements(): Requirements {
  return {
    requirements: [],
    constraints: [],
    pins: [],
    names: new Set(),
    local: [],
    indexOptions: [],
    files: [],
    notices: [],
  };
}

/**
 * Reads a requirements file with everything it includes by `-r` and `-c`.
 * @throws SlipwayError `bad_environment_file` with file and line, `unsafe_file` for what lies outside the repository
 */
export async function readRequirements(checkout: Checkout, file: string): Promise<Requirements> {
  const result = noRequirements();
  await readInto(result, checkout, joinPath(file), false);
  return result;
}

/** The same for lines that stand in another file, as in the `pip:` section of conda's; `files` has only what they include. */
export async function readRequirementLines(
  checkout: Checkout,
  lines: Iterable<RequirementLine>,
): Promise<Requirements> {
  const result = noRequirements();
  await takeLines(result, checkout, lines, false);
  return result;
}
