/** requirements.txt and what it includes, by pip's grammar but strictly: what comes out is safe to hand to uv. */
import { SlipwayError } from '../../src/errors.ts';
import { folderOf, joinPath, resolveInside, shown } from '../../src/paths.ts';
import type { Checkout, Notice } from '../../src/types.ts';
import { indexOption, logicalLines, type Option, placeOf, type RequirementLine, readOptions } from './lines.ts';
import { type MarkerWorld, markerHolds } from './markers.ts';
import { type GitSource, parseRequirement } from './requirement.ts';
import { countingIndexes, fault, type How, includedPath, isPypi, takeIndex, takeParsed } from './take.ts';

/** A requirement that names a folder or a file of the repository: it can only be installed with the content. */
export interface LocalRequirement {
  /** Path in the repository, '' for its root. */
  path: string;
  extras: string;
  editable: boolean;
  file: string;
  /** For which Pythons and platforms it is, and the place that says so. */
  marker?: { text: string; where: string };
}

export interface GitRequirement extends GitSource {
  /** The line, as it stands in `requirements` or `constraints`. */
  line: string;
  /** File and line (or key) that says so. */
  where: string;
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
  /** Git repositories of which a branch, a tag or HEAD is wanted: which commit that is, planning looks up. */
  git: GitRequirement[];
  /** How many of `requirements` name one version and its hashes. */
  hashed: number;
  /** Options of an index of the repository's own, as uv takes them: `--extra-index-url https://…`. */
  indexOptions: string[];
  /** Of whatever is asked for, pre-releases are as good as releases, as pip's `--pre` has it. */
  prereleases: boolean;
  /** Every file read, in order. */
  files: string[];
  notices: Notice[];
}

const MOST_FILES = 50;
const MOST_INDEXES = 100;

export function noRequirements(): Requirements {
  return {
    requirements: [],
    constraints: [],
    pins: [],
    names: new Set(),
    local: [],
    git: [],
    hashed: 0,
    indexOptions: [],
    prereleases: false,
    files: [],
    notices: [],
  };
}

/** What of it is for this Python and platform. @throws SlipwayError `bad_environment_file` for a malformed marker */
export function localFor(world: MarkerWorld, local: readonly LocalRequirement[]): LocalRequirement[] {
  return local.filter(({ marker }) => marker === undefined || markerHolds(marker.text, world, marker.where));
}

/** Several files' requirements as one, in that order. */
export function joinRequirements(all: readonly Requirements[]): Requirements {
  return {
    requirements: all.flatMap(({ requirements }) => requirements),
    constraints: all.flatMap(({ constraints }) => constraints),
    pins: all.flatMap(({ pins }) => pins),
    names: new Set(all.flatMap(({ names }) => [...names])),
    local: all.flatMap(({ local }) => local),
    git: all.flatMap(({ git }) => git),
    hashed: all.reduce((sum, { hashed }) => sum + hashed, 0),
    indexOptions: all.flatMap(({ indexOptions }) => indexOptions),
    prereleases: all.some(({ prereleases }) => prereleases),
    files: [...new Set(all.flatMap(({ files }) => files))],
    notices: all.flatMap(({ notices }) => notices),
  };
}

/** Adds a package index that a manifest or a lock names, unless it is the public one. @throws SlipwayError `bad_environment_file` */
export function takeSource(result: Requirements, file: string, key: string, url: string): void {
  if (isPypi(url)) return;
  const line = { text: url, file, number: 1, key };
  const option = indexOption(line, '--extra-index-url', url);
  if (result.indexOptions.includes(url)) return;
  if (result.indexOptions.length >= 2 * MOST_INDEXES)
    throw fault(line, `it is one of more than ${MOST_INDEXES} indexes.`, 'Name those that have what you need.');
  takeIndex(result, line, option);
}

/** What files are read into, and how. */
interface Reading {
  result: Requirements;
  checkout: Checkout;
  /** Where pip would run, which is what paths of packages are relative to; undefined for the folder of each line's file. */
  folder: string | undefined;
  /** Files read, each as requirements, as constraints or as both. */
  seen: Set<string>;
}

/** Reads one file and, depth first, what it includes; a file included twice in one role counts once. */
async function readInto(reading: Reading, file: string, asConstraints: boolean): Promise<void> {
  const { result, checkout } = reading;
  const role = `${asConstraints ? '-c' : '-r'} ${file}`;
  if (reading.seen.has(role)) return;
  if (reading.seen.size >= MOST_FILES) {
    throw new SlipwayError(
      'bad_environment_file',
      `${file}: more than ${MOST_FILES} requirements files include each other.`,
      {
        hint: 'Put the requirements into fewer files.',
      },
    );
  }
  reading.seen.add(role);
  if (!result.files.includes(file)) result.files.push(file);
  await takeLines(reading, logicalLines(await checkout.read(file), file), asConstraints);
}

async function takeLines(reading: Reading, lines: Iterable<RequirementLine>, asConstraints: boolean): Promise<void> {
  for (const line of lines) {
    if (line.text.startsWith('-')) {
      for (const option of readOptions(line)) await takeOption(reading, line, option, asConstraints);
    } else await takeLine(reading, line, line.text, { editable: false, asConstraints });
  }
}

async function takeOption(
  reading: Reading,
  line: RequirementLine,
  option: Option,
  asConstraints: boolean,
): Promise<void> {
  const { result, checkout } = reading;
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
      const inside = { ...reading, folder: reading.folder ?? folderOf(line.file) };
      return readInto(inside, path, asConstraints || option.kind === 'constraints');
    }
    case 'editable':
      return takeLine(reading, line, option.value, { editable: true, asConstraints });
    case 'index':
      return takeIndex(result, line, option);
    case 'ignored': {
      const message = `${placeOf(line)}: ${shown(option.value)} is ignored, ${option.reason}.`;
      result.notices.push({ code: 'ignored-option', message, file: line.file });
      return;
    }
    case 'prereleases':
      result.prereleases = true;
      return;
    case 'silent':
      return;
  }
}

/** The folder that a package's path is relative to: pip's, unless the path is only there beside the file. */
async function baseOf({ checkout, folder }: Reading, line: RequirementLine, path: string): Promise<string> {
  const beside = folderOf(line.file);
  if (folder === undefined || folder === beside) return beside;
  const isThere = async (base: string) => {
    const inside = resolveInside(base, path);
    return inside !== undefined && (await checkout.kind(inside)) !== undefined;
  };
  return !(await isThere(folder)) && (await isThere(beside)) ? beside : folder;
}

async function takeLine(reading: Reading, line: RequirementLine, text: string, how: How): Promise<void> {
  const parsed = parseRequirement(text, line);
  const base = parsed.kind === 'local' ? await baseOf(reading, line, parsed.path) : undefined;
  takeParsed(reading.result, line, parsed, { ...how, ...(base === undefined ? {} : { base }) });
}

function different<T>(all: readonly T[]): T[] {
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

/** What a file says in both of its roles is said once; of the indexes those are left that count. */
function settled(result: Requirements): Requirements {
  const indexOptions = countingIndexes(result.indexOptions);
  return { ...result, indexOptions, pins: different(result.pins), notices: different(result.notices) };
}

/**
 * Reads a requirements file with everything it includes by `-r` and `-c`, as pip run in the folder that is planned.
 * @throws SlipwayError `bad_environment_file` with file and line, `unsafe_file` for what lies outside the repository
 */
export async function readRequirements(checkout: Checkout, file: string): Promise<Requirements> {
  const result = noRequirements();
  await readInto({ result, checkout, folder: checkout.subdir, seen: new Set() }, joinPath(file), false);
  return settled(result);
}

/** The same for lines that stand in another file, as in the `pip:` section of conda's; `files` has only what they include. */
export async function readRequirementLines(
  checkout: Checkout,
  lines: Iterable<RequirementLine>,
): Promise<Requirements> {
  const result = noRequirements();
  await takeLines({ result, checkout, folder: undefined, seen: new Set() }, lines, false);
  return settled(result);
}
