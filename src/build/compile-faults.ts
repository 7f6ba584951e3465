/** What a compiler or a build script missed, and the Debian package that has it. */
import { BUILD_PROGRAMS, packageOfHeader, packageOfLibrary, packageOfProgram } from './debian-packages.ts';
import type { Finding } from './diagnose.ts';

interface Missing {
  what: string;
  package: string | undefined;
}

const PROGRAM = BUILD_PROGRAMS.map((name) => name.replace(/[+.]/g, '\\$&')).join('|');
const NOT_FOUND = new RegExp(
  [
    `(?:^|[\\s:'"\`])((?:[a-z0-9_]+-linux-gnu-)?(?:${PROGRAM}))['"\`]?: (?:command )?not found`,
    `No such file or directory: '((?:[a-z0-9_]+-linux-gnu-)?(?:${PROGRAM}))'`,
    `command '((?:[a-z0-9_]+-linux-gnu-)?(?:${PROGRAM}))' failed: No such file`,
    `(pg_config) executable not found`,
    `(pkg-config) probably not installed`,
    `error executing '(${PROGRAM})'`,
  ].join('|'),
);
const UNKNOWN_COMPILER =
  /Unknown compiler\(s\): \[\['([\w+-]+)'|No CMAKE_(Fortran|CXX|C)_COMPILER could be found|(can't find Rust compiler)/;
const COMPILERS: Record<string, string> = {
  Fortran: 'gfortran',
  CXX: 'g++',
  C: 'gcc',
  "can't find Rust compiler": 'cargo',
};

function missingHeader(line: string): Missing | undefined {
  const header =
    /fatal error: ['"]?([\w.+/-]+\.\w+)['"]?: No such file or directory|fatal error: '([\w.+/-]+)' file not found/.exec(
      line,
    );
  const name = header?.[1] ?? header?.[2];
  return name === undefined ? undefined : { what: name, package: packageOfHeader(name) };
}

function missingProgram(line: string): Missing | undefined {
  const compiler = UNKNOWN_COMPILER.exec(line)?.slice(1).find(Boolean);
  const found = NOT_FOUND.exec(line)?.slice(1).find(Boolean) ?? (compiler && (COMPILERS[compiler] ?? compiler));
  return found === undefined ? undefined : { what: found, package: packageOfProgram(found) };
}

function missingLibrary(line: string): Missing | undefined {
  const found =
    /No package '([\w.+-]+)' found|Package '?([\w.+-]+)'?(?:, required by '[^']*',| was) not found|Dependency "([\w.+-]+)" not found|cannot find -l([\w.+-]+)/.exec(
      line,
    );
  const name = found?.slice(1).find(Boolean);
  return name === undefined ? undefined : { what: `the library ${name}`, package: packageOfLibrary(name) };
}

/** The Python package that was being built, as uv and pip name it. */
export function beingBuilt(lines: readonly string[]): string | undefined {
  const pattern =
    /Failed to (?:download and )?build `([^`]+)`|Failed building wheel for (\S+)|provides `[^`]+` for `([^`]+)`|Failed to build ([\w.-]+)$/;
  for (const line of lines) {
    const name = pattern.exec(line)?.slice(1).find(Boolean);
    if (name !== undefined) return name.replace('@', '==');
  }
  return undefined;
}

/** `compile_failed` when a line tells of something missing; the first one does, as others follow from it. */
export function compileFault(lines: readonly string[]): Finding | undefined {
  const found = [missingHeader, missingProgram, missingLibrary]
    .map((rule) => lines.map(rule).find((missing) => missing !== undefined))
    .find((missing) => missing !== undefined);
  if (found === undefined) return undefined;
  const built = beingBuilt(lines);
  return {
    code: 'compile_failed',
    reason: `${built === undefined ? 'compiling' : `compiling ${built}`} needs ${found.what}, which is not in the image`,
    hint:
      found.package === undefined
        ? `Add the Debian package that has ${found.what} to apt.txt (packages.debian.org finds it), or use a version that comes ready-built.`
        : `Add ${found.package} to apt.txt, or use a version of the package that comes ready-built.`,
  };
}
