/** What a manifest asks for that its lock has otherwise, or not at all: then somebody changed the one and not the other. */
import { valid, validRange } from '@renovatebot/pep440';
import { versionFits } from '../python/locked.ts';
import { normalName } from '../python/requirement.ts';
import type { Requirements } from '../python/requirements.ts';
import type { LockedPackage } from './locks.ts';
import { onPypi } from './names.ts';
import type { CondaSpec } from './types.ts';

const PLAIN = /^\d+(?:\.\d+)*$/;

/** Below zero, zero or above it, as conda orders two versions; undefined where one is more than numbers. */
function compared(one: string, other: string): number | undefined {
  if (!PLAIN.test(one) || !PLAIN.test(other)) return undefined;
  const [left = [], right = []] = [one, other].map((version) => version.split('.').map(Number));
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [mine = 0, yours = 0] = [left[index], right[index]];
    if (mine !== yours) return mine < yours ? -1 : 1;
  }
  return 0;
}

/** `1.1.1k` is within 1.1.1, `1.1.10` is not. */
function isWithin(version: string, series: string): boolean {
  return version.startsWith(series) && !/^\d/.test(version.slice(series.length));
}

const trimmed = (version: string) => version.replace(/(?:\.0)+$/, '');

/** Whether one comparison of a spec lets a version through; what cannot be decided does. */
function allows(text: string, version: string): boolean {
  const [, operator = '', asked = ''] = /^(==|~=|!=|<=|>=|<|>)?(.*)$/.exec(text) ?? [];
  const series = asked.replace(/\.\*$/, '');
  if (series !== asked) return isWithin(version, series) !== (operator === '!=');
  if (operator === '==') return trimmed(version) === trimmed(asked);
  const order = compared(version, asked);
  if (order === undefined) return true;
  const holds: Record<string, boolean> = {
    '!=': order !== 0,
    '<': order < 0,
    '<=': order <= 0,
    '>': order > 0,
    '>=': order >= 0,
    '~=': order >= 0 && (!asked.includes('.') || isWithin(version, asked.replace(/\.\d+$/, ''))),
  };
  return holds[operator] ?? true;
}

const fits = (asked: string, version: string) =>
  asked.split('|').some((all) => all.split(',').every((clause) => allows(clause, version)));

/** Of conda's packages. */
export function misfits(specs: readonly CondaSpec[], locked: readonly LockedPackage[]): string[] {
  const versions = new Map(locked.map(({ name, version }) => [name, version]));
  return specs.flatMap(({ name, version: asked }) => {
    const version = versions.get(name);
    if (version === undefined) return name.startsWith('__') ? [] : [name];
    return asked === undefined || fits(asked, version) ? [] : [`${name} ${version}`];
  });
}

/** Name and versions of a requirement that has no marker; the versions of one with an address are nobody's to say. */
function parts(line: string): { name: string; specifier: string } | undefined {
  const [plain = ''] = line.split(/ (?=--hash=)/);
  const [, name, rest = ''] = /^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?(?=$|[\s=<>!~])(.*)$/.exec(plain) ?? [];
  if (name === undefined || plain.includes(' ; ')) return undefined;
  return { name: normalName(name), specifier: rest.includes('@') ? '' : rest };
}

/** Name → version of all that a lock brings for pip, as PyPI calls it; '' where that is not known. */
function brought(locked: readonly LockedPackage[], pip: Requirements | undefined): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name, version } of locked) {
    const known = onPypi(name);
    found.set(normalName((known?.name ?? name).replace(/\[.*$/, '')), known?.versions === 'same' ? version : '');
  }
  for (const { name, specifier } of pip?.requirements.flatMap((line) => parts(line) ?? []) ?? [])
    found.set(name, /^==([^,*]+)$/.exec(specifier)?.[1] ?? '');
  return found;
}

/** Whether pip would take the version; what cannot be decided fits. */
function pipFits(version: string, specifier: string): boolean {
  return valid(version) === null || !validRange(specifier) || versionFits(version, specifier);
}

/** Of pip's packages, which conda's part of the lock may bring too. */
export function pipMisfits(
  asked: Requirements | undefined,
  locked: readonly LockedPackage[],
  pip: Requirements | undefined,
): string[] {
  if (asked === undefined) return [];
  const versions = brought(locked, pip);
  return asked.requirements
    .flatMap((line) => parts(line) ?? [])
    .flatMap(({ name, specifier }) => {
      const version = versions.get(name);
      if (version === undefined) return [name];
      return pipFits(version, specifier) ? [] : [`${name} ${version}`];
    });
}
