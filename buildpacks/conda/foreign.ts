/** Environments that somebody exported on a Mac or on Windows: what of them means nothing on Linux. */
import type { Notice } from '../../src/types.ts';
import type { CondaSpec } from './types.ts';

type System = 'macOS' | 'Windows';

/** Packages that only that system's channels have. */
const ONLY: Record<System, RegExp> = {
  macOS:
    /^(?:appnope|applaunchservices|cctools.*|compiler-rt_osx.*|__osx|ld64.*|libcxx|libcxxabi|libcxx-devel|libosxfuse|osx.*|pyobjc-.*|python\.app|sigtool|tapi|.*_osx-(?:64|arm64))$/,
  Windows:
    /^(?:__win|comtypes|console_shortcut.*|icc_rt|libpython|libwinpthread|m2-.*|m2w64-.*|menuinst|msys2-.*|pdcurses|powershell_shortcut.*|pypiwin32|pyreadline|pywin32|pywin32-ctypes|pywinpty|ucrt|vc|vc14_runtime|vcomp14|vs20\d\d_.*|vs_win.*|win_inet_pton|win_unicode_console|wincertstore|winkerberos|winpty|wmi|.*_win-(?:32|64|arm64))$/,
};

function systemOfPrefix(prefix: string): System | undefined {
  if (/^[A-Za-z]:[\\/]/.test(prefix)) return 'Windows';
  return /^\/(?:Users|Applications)\//.test(prefix) || prefix.startsWith('/opt/homebrew/') ? 'macOS' : undefined;
}

function systemOnly(name: string): System | undefined {
  return (['macOS', 'Windows'] as const).find((system) => ONLY[system].test(name));
}

function listed(names: readonly string[]): string {
  const [first = []] = [names.slice(0, 10)];
  return first.join(', ') + (names.length > first.length ? ` and ${names.length - first.length} more` : '');
}

/**
 * Drops the packages that only another system has, and, where the file was exported there, every build: another system's
 * never fits. Exact versions stay.
 * @param prefix of the file, where the environment was on the author's machine
 */
export function withoutForeign(
  specs: readonly CondaSpec[],
  prefix: string,
  file: string,
): { specs: CondaSpec[]; notices: Notice[] } {
  const foreign = specs.filter(({ name }) => systemOnly(name) !== undefined);
  const [first] = foreign;
  const system = systemOfPrefix(prefix) ?? (first && systemOnly(first.name));
  const notices: Notice[] = [];
  if (foreign.length > 0) {
    const message = `${file} lists packages of macOS or Windows, which are left out: ${listed(foreign.map(({ name }) => name))}.`;
    notices.push({ code: 'foreign-package', message, file });
  }
  const others = new Set(foreign);
  const own = specs.filter((spec) => !others.has(spec));
  const builds = new Set(own.filter(({ build }) => build !== undefined && !build.includes('*')));
  if (system === undefined || builds.size === 0) return { specs: own, notices };
  const message = `${file} was exported on ${system}: the builds that it names for ${builds.size} ${builds.size === 1 ? 'package' : 'packages'} are left out, their versions stay.`;
  notices.push({ code: 'foreign-builds', message, file });
  const kept = own.map((spec) => {
    if (!builds.has(spec)) return spec;
    const { build: _, ...rest } = spec;
    return rest;
  });
  return { specs: kept, notices };
}
