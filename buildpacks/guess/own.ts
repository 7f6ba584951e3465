/** Modules of the repository itself, by where its files are. */
import { folderOf, joinPath } from '../../src/paths.ts';

const PYTHON_FILE = /\.(?:py|pyx|so|pyd)$/;
/** Where the modules of a repository usually are, beside its root. */
const LAYOUTS = ['', 'src', 'lib', 'python'];
const NOT_A_PACKAGE = new Set(['test', 'tests', 'doc', 'docs', 'examples', 'scripts']);

export class OwnModules {
  /** Folder → names that are imported with that folder on `sys.path`. */
  readonly #byFolder = new Map<string, Set<string>>();
  readonly #packages = new Set<string>();
  /** Every name that some folder would give, `import` of a folder without `__init__.py` too. */
  readonly #anywhere = new Set<string>();
  readonly #roots: string[];

  constructor(paths: readonly string[], subdir: string) {
    for (const path of paths) if (PYTHON_FILE.test(path)) this.#add(path);
    this.#roots = [...new Set([subdir, ''])].flatMap((root) => LAYOUTS.map((layout) => joinPath(root, layout)));
  }

  #add(path: string): void {
    const folder = folderOf(path);
    const file = path.slice(folder === '' ? 0 : folder.length + 1);
    const name = file.slice(0, file.indexOf('.'));
    if (folder !== '') for (const part of folder.split('/')) this.#anywhere.add(part);
    if (name !== '__init__') this.#give(folder, name);
    else if (folder !== '') {
      this.#packages.add(folder);
      this.#give(folderOf(folder), folder.slice(folder.lastIndexOf('/') + 1));
    }
  }

  #give(folder: string, name: string): void {
    this.#anywhere.add(name);
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

  /** Whether a name is a package that an installation of the repository would bring. */
  isInstallable(name: string): boolean {
    return !NOT_A_PACKAGE.has(name) && this.#roots.some((root) => this.#packages.has(joinPath(root, name)));
  }
}
