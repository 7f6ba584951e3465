/** Modules of the repository itself, by where its files are. */
import { folderOf, joinPath } from '../../src/paths.ts';

const PYTHON_FILE = /\.(?:py|pyx|so|pyd)$/;
/** What others wrote, and was put or installed there. */
const OTHERS = /(?:^|\/)(?:\.[^/]+|node_modules|(?:site|dist)-packages|venv|virtualenv|__pycache__)\//;
/** Where the modules of a repository usually are, beside its root. */
const LAYOUTS = ['', 'src', 'lib', 'python'];
const NOT_A_PACKAGE = new Set(['test', 'tests', 'doc', 'docs', 'examples', 'scripts']);

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export class OwnModules {
  /** Folder → names that are imported with that folder on `sys.path`. */
  readonly #byFolder = new Map<string, Set<string>>();
  readonly #packages = new Set<string>();
  /** Every name that some folder would give, `import` of a folder without `__init__.py` too. */
  readonly #anywhere = new Set<string>();
  /** Name → a file or package that is imported by it from some folder. */
  readonly #modules = new Map<string, string>();
  /** `a.b` → a folder `a`, without `__init__.py` perhaps, that has Python in `b`. */
  readonly #parts = new Map<string, string>();
  readonly #folders = new Set<string>();
  readonly #roots: string[];

  constructor(paths: readonly string[], subdir: string) {
    for (const path of paths) {
      if (!PYTHON_FILE.test(path) || OTHERS.test(path)) continue;
      this.add(path);
      if (/(?:^|\/)__init__\.[^/]+$/.test(path)) this.#packages.add(folderOf(path));
    }
    this.#packages.delete('');
    this.#roots = [...new Set([subdir, ''])].flatMap((root) => LAYOUTS.map((layout) => joinPath(root, layout)));
  }

  /** A file of the repository, or one that a notebook writes. */
  add(path: string): void {
    const folder = folderOf(path);
    const file = lastOf(path);
    const name = file.slice(0, file.indexOf('.'));
    if (name !== '__init__') {
      this.#give(folder, name, path);
      this.#addPart(folder, name);
    } else if (folder !== '') this.#give(folderOf(folder), lastOf(folder), folder);
    this.#addFolders(folder);
  }

  #addFolders(start: string): void {
    for (let folder = start; folder !== '' && !this.#folders.has(folder); folder = folderOf(folder)) {
      this.#folders.add(folder);
      this.#anywhere.add(lastOf(folder));
      this.#addPart(folderOf(folder), lastOf(folder));
    }
  }

  #addPart(folder: string, name: string): void {
    const part = `${lastOf(folder)}.${name}`;
    if (!this.#parts.has(part)) this.#parts.set(part, folder);
  }

  #give(folder: string, name: string, path: string): void {
    this.#anywhere.add(name);
    if (!this.#modules.has(name)) this.#modules.set(name, path);
    const names = this.#byFolder.get(folder) ?? new Set();
    this.#byFolder.set(folder, names.add(name));
  }

  #has(folder: string, name: string): boolean {
    return this.#byFolder.get(folder)?.has(name) === true;
  }

  /** Files by the topmost package that each belongs to; `undefined` has those that stand by themselves. */
  byPackage(paths: readonly string[]): Map<string | undefined, string[]> {
    const found = new Map<string | undefined, string[]>();
    for (const path of paths) {
      let topmost: string | undefined;
      for (let folder = folderOf(path); this.#packages.has(folder); folder = folderOf(folder)) topmost = folder;
      const files = found.get(topmost);
      if (files) files.push(path);
      else found.set(topmost, [path]);
    }
    return found;
  }

  /** Whether a module is found from a file's folder as it is, without anything installed. */
  isBeside(name: string, file: string, added: Iterable<string>): boolean {
    return [folderOf(file), ...added].some((folder) => this.#has(folder, name));
  }

  /** Whether a module is the repository's, in one of the places where people have them. */
  has(name: string, file: string, added: Iterable<string>): boolean {
    if (this.isBeside(name, file, added) || this.#roots.some((root) => this.#has(root, name))) return true;
    for (let folder = folderOf(file); folder !== ''; folder = folderOf(folder))
      if (this.#has(folder, name)) return true;
    return false;
  }

  /** Whether anything in the repository is called so: a path may be put together while the code runs. */
  hasAnywhere(name: string): boolean {
    return this.#anywhere.has(name);
  }

  /**
   * Where something is that could be meant by a dotted path, wherever: an installed package would come before a folder
   * without `__init__.py`, and before what is put at the end of `sys.path`.
   */
  whereIs(path: string): string | undefined {
    const [top = '', next = ''] = path.split('.');
    return this.#modules.get(top) ?? this.#parts.get(`${top}.${next}`);
  }

  /** Whether a name is a package that an installation of the repository would bring. */
  isInstallable(name: string): boolean {
    return !NOT_A_PACKAGE.has(name) && this.#roots.some((root) => this.#packages.has(joinPath(root, name)));
  }
}
