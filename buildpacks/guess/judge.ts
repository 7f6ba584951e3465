/** What is to be said of each import that nothing provides. */
import { shown } from '../../src/paths.ts';
import type { Notice } from '../../src/types.ts';
import { elsewhere, isProvided, providerOf, tooHeavy, withDependencies } from './packages.ts';
import type { Found, Scan } from './scan.ts';
import { standardModule } from './stdlib.ts';

const MOST_GUESSES = 30;
const MOST_NOTICES = 10;

export interface Judgement {
  /** Packages that may be added, sorted. */
  guesses: string[];
  notices: Notice[];
}

interface World {
  /** Packages of the environment, with what they bring. */
  there: ReadonlySet<string>;
  python: string;
  /** Whether guesses are added. */
  adds: boolean;
}

function subject({ file, others }: Found): string {
  const more = others === 0 ? 'imports' : `and ${others} more ${others === 1 ? 'file' : 'files'} import`;
  return `${shown(file)} ${more}`;
}

/** The first import of each package that is missing, those of several files first told once. */
function byPackage(missing: readonly Found[]): Map<string, Found> {
  const found = new Map<string, Found>();
  for (const one of missing) {
    const name = providerOf(one.path);
    if (name !== undefined && !found.has(name)) found.set(name, one);
  }
  return found;
}

/** Names that the repository could mean by itself, and where it has them: a package of that name would come first. */
function ownNames({ imports, own }: Scan): Map<string, string> {
  const found = new Map<string, string>();
  for (const { path } of imports) {
    const [top = ''] = path.split('.');
    const where = found.has(top) ? undefined : own.whereIs(path);
    if (where !== undefined) found.set(top, where);
  }
  return found;
}

/** A path without the function or class that a `from` takes. */
function moduleOf(path: string): string {
  const parts = path.split('.');
  for (let length = 1; length <= parts.length; length += 1) {
    const head = parts.slice(0, length).join('.');
    if (providerOf(head) !== undefined) return head;
  }
  return parts[0] ?? path;
}

/** Says what each import lacks. @returns also which packages are worth a guess */
export function judge(scan: Scan, { there, python, adds }: World): Judgement {
  const others = new Map<string, Notice>();
  const covered = new Map<string, Notice>();
  const own = ownNames(scan);
  const open: Found[] = [];
  const unknown = new Map<string, Found>();
  for (const found of scan.imports) {
    const [top = ''] = found.path.split('.');
    const standard = standardModule(top, python);
    const isKnown = providerOf(found.path) !== undefined;
    if (standard === 'yes' || isProvided(found.path, there) || (!isKnown && scan.own.hasAnywhere(top))) continue;
    const other = elsewhere(found.path);
    const where = isKnown ? own.get(top) : undefined;
    if (where !== undefined) covered.set(top, covered.get(top) ?? ownNotice(found, where));
    else if (other) others.set(other.module, otherNotice(found, other.module, `only ${other.where} has`));
    else if (standard !== 'no') others.set(top, otherNotice(found, top, standard));
    else if (isKnown) open.push(found);
    else if (!unknown.has(top)) unknown.set(top, found);
  }
  const missing = byPackage(open);
  const light = [...missing.keys()].filter((name) => !tooHeavy(name, there));
  const guesses = adds ? light.slice(0, MOST_GUESSES).sort() : [];
  const notices = [...missing].map(([name, found]) => {
    if (guesses.includes(name)) return missingNotice(found, `${name} is added as a guess`, 'guessed-package');
    if (!light.includes(name)) return missingNotice(found, `${name} is too large to be added as a guess`);
    return missingNotice(found, `it comes with ${name}${adds ? ', and there are too many guesses already' : ''}`);
  });
  const installs = installNotices(scan, withDependencies([...there, ...guesses]));
  const [ownNotices = [], elsewhereNotices = []] = [covered, others].map((all) =>
    [...all.values()].slice(0, MOST_NOTICES),
  );
  return {
    guesses,
    notices: [...notices, ...ownNotices, ...elsewhereNotices, ...installs, ...unknownNotices(unknown)],
  };
}

function missingNotice(found: Found, outcome: string, code = 'missing-package'): Notice {
  const message = `${subject(found)} ${shown(moduleOf(found.path), 60)}, which no environment file asks for; ${outcome}.`;
  return { code, message, file: found.file };
}

function ownNotice(found: Found, where: string): Notice {
  return missingNotice(found, `nothing is added, as the repository has a module of that name in ${shown(where)}`);
}

function otherNotice(found: Found, name: string, why: string): Notice {
  return { code: 'import-elsewhere', message: `${subject(found)} ${name}, which ${why}.`, file: found.file };
}

function installNotices({ installs }: Scan, there: ReadonlySet<string>): Notice[] {
  const missing = [...installs].filter(([name]) => !isProvided(name, there));
  const [first] = missing;
  if (!first) return [];
  const names = missing.slice(0, MOST_NOTICES).map(([name]) => shown(name, 60));
  const message = `${shown(first[1])} installs packages while it runs (${names.join(', ')}); in an environment file they would be there from the start.`;
  return [{ code: 'installs-itself', message, file: first[1] }];
}

function unknownNotices(unknown: ReadonlyMap<string, Found>): Notice[] {
  if (unknown.size === 0) return [];
  const names = [...unknown].map(([name, { file }]) => `${shown(name, 60)} (${shown(file, 80)})`);
  const more = names.length > MOST_NOTICES ? `, and ${names.length - MOST_NOTICES} more` : '';
  const message = `Nothing in the environment is known to provide ${names.slice(0, MOST_NOTICES).join(', ')}${more}.`;
  return [{ code: 'unknown-import', message }];
}
