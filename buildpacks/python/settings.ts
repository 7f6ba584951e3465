/** What pyproject.toml tells uv and PDM about resolving: constraints, overrides, pre-releases. */
import type { Notice } from '../../src/types.ts';
import { type Declared, keyOf, parseDependency } from './dependency.ts';
import { toolTable } from './pyproject.ts';
import type { Requirements } from './requirements.ts';
import { takeRequirement } from './take.ts';
import { isTable, type Table, tableAt, textsAt } from './toml.ts';

/** The notice for a key that only the tool's own lock carries. */
export function notApplied(file: string, key: string): Notice {
  const message = `${file}: ${key} is not applied: versions are chosen by uv, without it. Commit a lock to have what it leads to.`;
  return { code: 'ignored-key', message, file };
}

/** `[tool.uv] constraint-dependencies`. @throws SlipwayError `bad_environment_file` */
export function takeConstraints(result: Requirements, file: string, pyproject: Table): void {
  const key = 'tool.uv.constraint-dependencies';
  for (const text of textsAt(file, key, toolTable(pyproject, 'uv')['constraint-dependencies']))
    takeRequirement(result, { text, file, number: 1, key }, text, { editable: false, asConstraints: true });
}

function pdmOverrides(file: string, pyproject: Table): [string, unknown][] {
  const pdm = toolTable(pyproject, 'pdm');
  const { overrides } = tableAt(file, 'tool.pdm.resolution', pdm.resolution);
  return [pdm.overrides, overrides].flatMap((table) =>
    Object.entries(tableAt(file, 'tool.pdm.resolution.overrides', table)),
  );
}

function pdmOverride(name: string, value: unknown): Declared {
  const text = typeof value === 'string' ? value.trim() : '*';
  const bare = { name, extras: [], marker: '', key: `tool.pdm.resolution.overrides.${name}` };
  if (text.includes('://')) return { ...bare, specifier: '', source: { kind: 'url', url: text } };
  const specifier = text === '*' ? '' : /^\d/.test(text) ? `==${text}` : text;
  return { ...bare, specifier, source: { kind: 'index' } };
}

/** What is declared, with what overrides it in its place. @throws SlipwayError `bad_environment_file` */
export function withOverrides(file: string, pyproject: Table, declared: readonly Declared[]): Declared[] {
  const key = 'tool.uv.override-dependencies';
  const given = textsAt(file, key, toolTable(pyproject, 'uv')['override-dependencies']);
  const all = [
    ...given.map((text) => parseDependency(file, key, text)),
    ...pdmOverrides(file, pyproject).map(([name, value]) => pdmOverride(name, value)),
  ];
  const byName = new Map<string, Declared[]>();
  for (const one of all) {
    const same = byName.get(keyOf(one));
    if (same === undefined) byName.set(keyOf(one), [one]);
    else same.push(one);
  }
  // Each once: who declares a package twice still has it overridden once.
  const names = new Set(declared.map(keyOf));
  return [
    ...declared.filter((one) => !byName.has(keyOf(one))),
    ...[...byName].flatMap(([name, overriding]) => (names.has(name) ? overriding : [])),
  ];
}

/** Settings that nothing but the tool itself can follow, and what they are when nobody sets them. */
const UV: Readonly<Record<string, string>> = {
  'override-dependencies': '',
  'exclude-dependencies': '',
  prerelease: 'if-necessary-or-explicit',
  resolution: 'highest',
};

/** A notice for each setting that counts only where there is a lock. */
export function unapplied(file: string, pyproject: Table): Notice[] {
  const uv = toolTable(pyproject, 'uv');
  const ofUv = Object.entries(UV).flatMap(([name, usual]) =>
    isSet(uv[name]) && uv[name] !== usual ? [`tool.uv.${name}`] : [],
  );
  const pdm = tableAt(file, 'tool.pdm.resolution', toolTable(pyproject, 'pdm').resolution);
  const ofPdm = [
    ...(pdmOverrides(file, pyproject).length > 0 ? ['tool.pdm.resolution.overrides'] : []),
    ...(pdm['allow-prereleases'] === true ? ['tool.pdm.resolution.allow-prereleases'] : []),
  ];
  return [...ofUv, ...ofPdm].map((key) => notApplied(file, key));
}

function isSet(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && !isTable(value);
}
