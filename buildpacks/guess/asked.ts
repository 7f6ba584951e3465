/** What the repository asks for outside of what the buildpacks know by name: in a setup.py, a script, among Debian's packages. */
import { joinPath } from '../../src/paths.ts';
import type { Checkout, ConfigFolder } from '../../src/types.ts';
import { normalName } from './packages.ts';

const PACKAGE_FILES = ['setup.py', 'setup.cfg', 'pyproject.toml', 'requirements.txt'];
const SCRIPTS = ['postBuild', 'start'];
const INSTALLS = /\binstall\b|\bdevelop\b/;
/** Nobody writes a longer line. */
const LONGEST = 2000;
/** A requirement in quotes, or as the beginning of a line: `"numpy>=1.20"`, `numpy = "^1.20"`. */
const REQUIREMENT = /(?:^[ \t]*|["'])([A-Za-z][\w.-]*)(?:[ \t]*\[[\w, -]*\])?[ \t]*(?=$|["'<>=!~;\r\n])/gm;

/** The text of a file that is there and can be read; what cannot is somebody else's to complain about. */
async function textOf(checkout: Checkout, file: string): Promise<string> {
  if ((await checkout.kind(file)) !== 'file') return '';
  return checkout.read(file).catch(() => '');
}

/** Names that the files which make a folder a Python package may ask for. */
export async function askedByPackage(checkout: Checkout, folder: string): Promise<string[]> {
  const texts = await Promise.all(PACKAGE_FILES.map((name) => textOf(checkout, joinPath(folder, name))));
  return texts.flatMap((text) => [...text.matchAll(REQUIREMENT)].map(([, name = '']) => normalName(name)));
}

export interface Scripts {
  /** Words of lines that install something. */
  names: string[];
  /** One of them installs the repository itself. */
  installsItself: boolean;
}

/** What scripts of the config folder install. */
export async function askedByScripts(checkout: Checkout, folder: ConfigFolder): Promise<Scripts> {
  const texts = await Promise.all(SCRIPTS.map((name) => textOf(checkout, joinPath(folder.path, name))));
  const lines = texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.length < LONGEST && INSTALLS.test(line));
  const words = lines.flatMap((line) => line.split(/[\s'"=<>~;&|[\]]+/));
  return {
    names: words.filter((word) => /^[A-Za-z][\w.-]*$/.test(word)).map(normalName),
    installsItself: lines.some((line) =>
      /setup\.py|install\b.*\s["']?(?:\.{1,2}\/?|\$\{?REPO_DIR\}?)(?:["'[\s]|$)/.test(line),
    ),
  };
}

/** Python packages of Debian that apt.txt names: the environment sees them. */
export async function askedOfDebian(checkout: Checkout, folder: ConfigFolder): Promise<string[]> {
  const text = await textOf(checkout, joinPath(folder.path, 'apt.txt'));
  return [...text.matchAll(/^python3?-([a-z0-9.+-]+)/gm)].map(([, name = '']) => normalName(name));
}
