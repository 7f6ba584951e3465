/** Which notebooks and scripts import what. Bounded by counts, never by time, so that a plan is the same everywhere. */
import { SlipwayError } from '../../src/errors.ts';
import { folderOf, resolveInside, shown } from '../../src/paths.ts';
import type { Checkout, Notice } from '../../src/types.ts';
import type { Imports } from './imports.ts';
import { type Code, readNotebook } from './notebook.ts';
import { OwnModules } from './own.ts';

const MOST_FILES = 300;
const MOST_BYTES = 16 * 2 ** 20;
/** Python that is parsed; the rest of a notebook is what it shows. */
const MOST_CODE = 512 * 1024;
/** Of the parser, on what is no Python: a second's. */
const MOST_STUMBLES = 30_000;
const LARGEST_NOTEBOOK = 4 * 2 ** 20;
const LARGEST_SCRIPT = 128 * 1024;
const MOST_NOTICES = 5;
const READ_AT_ONCE = 16;

/** Folders of others' code, of tests, and of what was made. */
const SKIPPED_FOLDER =
  /(?:^|\/)(?:\.[^/]+|node_modules|(?:site|dist)-packages|_?vendor(?:ed)?|third[_-]?party|extern(?:al)?s?|venv|virtualenv|__pycache__|build|dist|_build|tests?|testing|benchmarks?|asv_bench|[^/]+\.egg-info)\//i;
const SKIPPED_SCRIPT =
  /(?:^|\/)(?:setup|versioneer|ez_setup|conftest|noxfile|fabfile|toxfile|test_[^/]*|[^/]*_test)\.py$|(?:^|\/)docs?\/(?:[^/]+\/)?conf\.py$/;

/** An import, and one place where it stands. */
export interface Found {
  /** Dotted path, as written. */
  path: string;
  file: string;
  /** How many more files have it. */
  others: number;
}

export interface Scan {
  imports: Found[];
  own: OwnModules;
  /** Own modules that a notebook imports and does not find from its folder. */
  astray: Found[];
  /** Packages that a notebook installs while it runs, and the notebook. */
  installs: Map<string, string>;
  notices: Notice[];
}

function inOrder(files: readonly string[]): string[] {
  const depth = (path: string) => path.split('/').length;
  return [...files].sort((a, b) => depth(a) - depth(b));
}

class Scanner {
  readonly found = new Map<string, Found>();
  readonly astray = new Map<string, Found>();
  readonly installs = new Map<string, string>();
  readonly notices: Notice[] = [];
  /** Names of own modules that something imports. */
  readonly used = new Set<string>();
  readonly own: OwnModules;
  readonly #checkout: Checkout;
  #bytes = 0;
  #code = 0;
  #stumbles = 0;
  #files = 0;
  #left = 0;

  constructor(checkout: Checkout, own: OwnModules) {
    this.#checkout = checkout;
    this.own = own;
  }

  get isFull(): boolean {
    return this.#files >= MOST_FILES || this.#bytes >= MOST_BYTES || this.#isEnough;
  }

  get #isEnough(): boolean {
    return this.#code >= MOST_CODE || this.#stumbles >= MOST_STUMBLES;
  }

  async read(files: readonly string[]): Promise<void> {
    for (let at = 0; at < files.length; at += READ_AT_ONCE) {
      const some = files.slice(at, at + READ_AT_ONCE);
      const texts = this.isFull ? [] : await Promise.all(some.map((file) => this.#text(file)));
      for (const [index, file] of some.entries()) {
        const text = texts[index];
        if (text === undefined || this.isFull) this.#left += 1;
        else await this.#readOne(file, text);
      }
    }
  }

  #text(file: string): Promise<string | SlipwayError> {
    const limit = file.endsWith('.ipynb') ? LARGEST_NOTEBOOK : LARGEST_SCRIPT;
    return this.#checkout.read(file, limit).catch((error: unknown) => {
      if (error instanceof SlipwayError) return error;
      throw error;
    });
  }

  async #readOne(file: string, text: string | SlipwayError): Promise<void> {
    this.#files += 1;
    const isNotebook = file.endsWith('.ipynb');
    try {
      if (typeof text !== 'string') throw text;
      this.#bytes += text.length;
      const code = isNotebook ? readNotebook(text) : { cells: [text], installs: [], writes: [] };
      if (code) await this.#take(code, file, isNotebook);
    } catch (error) {
      if (!(error instanceof SyntaxError) && !(error instanceof SlipwayError)) throw error;
      const why = error instanceof SyntaxError ? 'it is no notebook' : 'it is too large, or no text of the repository';
      if (isNotebook) this.#say(file, 'not', why);
    }
  }

  async #take(code: Code, file: string, isNotebook: boolean): Promise<void> {
    const imports: Imports = { modules: new Set(), paths: new Set() };
    const { readImports } = await import('./imports.ts');
    let isWhole = true;
    for (const cell of code.cells) {
      if (this.#isEnough) break;
      const read = readImports(cell, imports);
      this.#code += read.size;
      this.#stumbles += read.stumbles;
      isWhole &&= read.isWhole;
    }
    if (!isWhole) this.#say(file, 'only partly', 'much of its code is no Python');
    for (const path of code.writes) this.own.add(resolveInside(folderOf(file), path) ?? path.replace(/^.*\//, ''));
    const added = [...imports.paths].map((path) => resolveInside(folderOf(file), path));
    const folders = added.filter((path) => path !== undefined);
    for (const path of imports.modules) this.#note(path, file, folders, isNotebook);
    for (const name of code.installs) if (!this.installs.has(name)) this.installs.set(name, file);
  }

  #note(path: string, file: string, added: readonly string[], isNotebook: boolean): void {
    const [top = ''] = path.split('.');
    const isOwn = this.own.has(top, file, added);
    if (isOwn) this.used.add(top);
    if (isOwn && (!isNotebook || this.own.isBeside(top, file, added))) return;
    const all = isOwn ? this.astray : this.found;
    const known = all.get(path);
    if (known) known.others += 1;
    else all.set(path, { path, file, others: 0 });
  }

  #say(file: string, how: string, why: string): void {
    if (this.notices.length >= MOST_NOTICES) return;
    const message = `${shown(file)} is ${how} looked at for what it imports: ${why}.`;
    this.notices.push({ code: 'unread-notebook', message, file });
  }

  /** Says what was left out, once all was read. */
  finish(): Scan {
    if (this.#left > 0) {
      const message = `Only ${this.#files} of ${this.#files + this.#left} notebooks and scripts were looked at for what they import.`;
      this.notices.push({ code: 'not-all-scanned', message });
    }
    const { own, installs, notices } = this;
    return { imports: [...this.found.values()], own, astray: [...this.astray.values()], installs, notices };
  }
}

/** Reads the packages that something imports, those that they import too, and of all these the first ones first. */
async function readUsed(scanner: Scanner, packages: ReadonlyMap<string | undefined, string[]>): Promise<void> {
  const byName = new Map<string, { place: number; files: string[] }[]>();
  for (const [place, [folder = '', files]] of [...packages].entries()) {
    const name = folder.slice(folder.lastIndexOf('/') + 1);
    const same = byName.get(name);
    if (same) same.push({ place, files });
    else byName.set(name, [{ place, files }]);
  }
  for (const same of byName.values()) same.reverse();
  const open = () => [...scanner.used].map((name) => byName.get(name) ?? []).filter((same) => same.length > 0);
  while (!scanner.isFull) {
    const [next] = open().sort((a, b) => (a.at(-1)?.place ?? 0) - (b.at(-1)?.place ?? 0));
    if (!next) return;
    await scanner.read(next.pop()?.files ?? []);
  }
  // Counts them.
  await scanner.read(open().flatMap((same) => same.flatMap(({ files }) => files)));
}

/**
 * Scans the folder that is planned. Files of a Python package count only when something outside imports it.
 * @param isInstalled the repository is installed as a package, which asks for what its own files need
 */
export async function scan(checkout: Checkout, isInstalled: boolean): Promise<Scan | undefined> {
  const prefix = checkout.subdir === '' ? '' : `${checkout.subdir}/`;
  const paths = await checkout.paths();
  const isOurs = (path: string) => path.startsWith(prefix) && !SKIPPED_FOLDER.test(path.slice(prefix.length));
  const notebooks = paths.filter((path) => path.endsWith('.ipynb') && isOurs(path));
  const scripts = paths.filter((path) => path.endsWith('.py') && isOurs(path) && !SKIPPED_SCRIPT.test(path));
  if (notebooks.length + scripts.length === 0) return undefined;
  const own = new OwnModules(paths, checkout.subdir);
  const scanner = new Scanner(checkout, own);
  const inPackages = own.byPackage(inOrder(scripts));
  await scanner.read([...inOrder(notebooks), ...(inPackages.get(undefined) ?? [])]);
  inPackages.delete(undefined);
  if (!isInstalled) await readUsed(scanner, inPackages);
  return scanner.finish();
}
