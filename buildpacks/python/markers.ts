/** Environment markers (PEP 508, and the sets of PEP 751), evaluated for one Python on one platform. */
import { satisfies } from '@renovatebot/pep440';
import { SlipwayError } from '../../src/errors.ts';
import { shown } from '../../src/paths.ts';
import { normalName } from './requirement.ts';

/** What a marker is held against. */
export interface MarkerWorld {
  variables: ReadonlyMap<string, string>;
  /** Extras and groups that are installed, normalised. */
  extras: ReadonlySet<string>;
  groups: ReadonlySet<string>;
}

/** Longer ones are nobody's. */
const LONGEST = 50_000;
const DEEPEST = 50;
const TOKEN = /\s*(?:([A-Za-z_][A-Za-z0-9_.]*)|"([^"]*)"|'([^']*)'|(===|~=|==|!=|<=|>=|<|>|\(|\)))/y;
const VERSIONS = new Set(['python_version', 'python_full_version', 'implementation_version']);
/** Names of before PEP 508, which old files have. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  'os.name': 'os_name',
  'sys.platform': 'sys_platform',
  'platform.version': 'platform_version',
  'platform.machine': 'platform_machine',
  'platform.python_implementation': 'platform_python_implementation',
  python_implementation: 'platform_python_implementation',
};

type Token = { kind: 'word' | 'text' | 'sign'; value: string };
type Operand = { kind: 'variable' | 'text'; value: string };

/** A world with no extras: CPython of that full version on a platform such as `linux/amd64`. */
export function markerWorld(python: string, platform: string): MarkerWorld {
  const variables = new Map([
    ['python_version', python.split('.').slice(0, 2).join('.')],
    ['python_full_version', python],
    ['implementation_version', python],
    ['implementation_name', 'cpython'],
    ['platform_python_implementation', 'CPython'],
    ['os_name', 'posix'],
    ['sys_platform', python.startsWith('2.') ? 'linux2' : 'linux'],
    ['platform_system', 'Linux'],
    ['platform_machine', platform.endsWith('arm64') ? 'aarch64' : 'x86_64'],
    // The kernel's, which differs from day to day; no package of note asks.
    ['platform_release', ''],
    ['platform_version', ''],
  ]);
  return { variables, extras: new Set(), groups: new Set() };
}

function tokens(marker: string, fault: () => SlipwayError): Token[] {
  const found: Token[] = [];
  const text = marker.trimEnd();
  if (text.length > LONGEST) throw fault();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) throw fault();
    const [, word, double, single, sign] = match;
    if (word !== undefined) found.push({ kind: 'word', value: word });
    else if (sign !== undefined) found.push({ kind: 'sign', value: sign });
    else found.push({ kind: 'text', value: double ?? single ?? '' });
  }
  return found;
}

class Reader {
  private at = 0;
  private depth = 0;
  private readonly found: readonly Token[];
  private readonly world: MarkerWorld;
  private readonly fault: () => SlipwayError;

  constructor(found: readonly Token[], world: MarkerWorld, fault: () => SlipwayError) {
    this.found = found;
    this.world = world;
    this.fault = fault;
  }

  whole(): boolean {
    const holds = this.either();
    if (this.at < this.found.length) throw this.fault();
    return holds;
  }

  private take(kind: Token['kind'], value: string): boolean {
    const token = this.found[this.at];
    if (token?.kind !== kind || token.value !== value) return false;
    this.at += 1;
    return true;
  }

  private either(): boolean {
    let holds = this.both();
    // What follows is read in any case: a malformed marker is one whatever its first half says.
    while (this.take('word', 'or')) holds = this.both() || holds;
    return holds;
  }

  private both(): boolean {
    let holds = this.one();
    while (this.take('word', 'and')) holds = this.one() && holds;
    return holds;
  }

  private one(): boolean {
    if (!this.take('sign', '(')) return this.comparison();
    this.depth += 1;
    if (this.depth > DEEPEST) throw this.fault();
    const holds = this.either();
    if (!this.take('sign', ')')) throw this.fault();
    this.depth -= 1;
    return holds;
  }

  private operand(): Operand {
    const token = this.found[this.at++];
    if (token?.kind === 'text') return { kind: 'text', value: token.value };
    if (token?.kind !== 'word') throw this.fault();
    const name = Object.hasOwn(OLD_NAMES, token.value) ? (OLD_NAMES[token.value] ?? '') : token.value;
    const known = this.world.variables.has(name) || ['extra', 'extras', 'dependency_groups'].includes(name);
    if (!known) throw this.fault();
    return { kind: 'variable', value: name };
  }

  private comparison(): boolean {
    const left = this.operand();
    const operator = this.operator();
    const right = this.operand();
    return compare(left, operator, right, this.world) ?? bad(this.fault);
  }

  private operator(): string {
    if (this.take('word', 'in')) return 'in';
    if (this.take('word', 'not')) return this.take('word', 'in') ? 'not in' : bad(this.fault);
    const token = this.found[this.at++];
    return token?.kind === 'sign' && token.value !== '(' && token.value !== ')' ? token.value : bad(this.fault);
  }
}

function bad(fault: () => SlipwayError): never {
  throw fault();
}

/** Undefined for a comparison that means nothing. */
function compare(left: Operand, operator: string, right: Operand, world: MarkerWorld): boolean | undefined {
  const sets = new Map([
    ['extra', world.extras],
    ['extras', world.extras],
    ['dependency_groups', world.groups],
  ]);
  for (const [side, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const set = side.kind === 'variable' ? sets.get(side.value) : undefined;
    if (set === undefined) continue;
    const has = set.has(normalName(other.value));
    return operator === '==' || operator === 'in' ? has : operator === '!=' || operator === 'not in' ? !has : undefined;
  }
  const value = (side: Operand) => (side.kind === 'text' ? side.value : (world.variables.get(side.value) ?? ''));
  const [a, b] = [value(left), value(right)];
  if (operator === 'in') return within(left, a, b);
  if (operator === 'not in') return !within(left, a, b);
  if (isVersion(left)) return versionHolds(a, operator, b);
  if (isVersion(right)) return versionHolds(b, MIRRORED[operator] ?? operator, a);
  return textHolds(a, operator, b);
}

/** `python_version in "2.7 3.6"` means one of a list, and 3.1 is no part of 3.11. */
function within(left: Operand, a: string, b: string): boolean {
  return isVersion(left) ? b.split(/[\s,|]+/).includes(a) : b.includes(a);
}

const MIRRORED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

function isVersion({ kind, value }: Operand): boolean {
  return kind === 'variable' && VERSIONS.has(value);
}

function versionHolds(version: string, operator: string, bound: string): boolean {
  return satisfies(version, `${operator}${bound}`, { prereleases: true });
}

function textHolds(a: string, operator: string, b: string): boolean | undefined {
  switch (operator) {
    case '==':
    case '===':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    default:
      return undefined;
  }
}

/**
 * Whether a marker holds; an empty one does.
 * @param where file and place, for the error
 * @throws SlipwayError `bad_environment_file` when it is malformed
 */
export function markerHolds(marker: string, world: MarkerWorld, where: string): boolean {
  if (marker.trim() === '') return true;
  const fault = () =>
    new SlipwayError('bad_environment_file', `${where}: "${shown(marker)}" is not a marker.`, {
      hint: 'Markers are comparisons such as python_version < "3.9", joined by and, or and brackets.',
    });
  return new Reader(tokens(marker, fault), world, fault).whole();
}
