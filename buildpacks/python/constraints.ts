/** Poetry's version constraints (`^1.2`, `~1.2`, `1.*`, `>=1 <2`, `^1 || ^2`) as PEP 440 has them. */
import { compare, valid } from '@renovatebot/pep440';

interface Clause {
  operator: string;
  version: string;
}

const LONGEST = 1000;
const CLAUSE = /(?:[\s,]*)(\^|~=|~|===|==|!=|>=|<=|>|<|=)?\s*v?([A-Za-z0-9*][A-Za-z0-9.*+!_-]*)/y;
const VERSION = /^(\d+!)?(\d+(?:\.\d+)*)([A-Za-z0-9.+_-]*)$/;

/** The first version that is no longer of the same series: its part at `index` raised by one, the rest cut off. */
function next(epoch: string, release: readonly number[], index: number): string {
  return epoch + [...release.slice(0, index), (release[index] ?? 0) + 1].join('.');
}

/** One clause as one or two of PEP 440; undefined when it is none. */
function translate(operator: string, version: string): Clause[] | undefined {
  if (/^[*xX]$/.test(version)) return [];
  const wild = /^(.*?)(?:\.[*xX])+$/.exec(version);
  const bare = wild?.[1] ?? version;
  const match = VERSION.exec(bare);
  if (match === null) return undefined;
  const [, epoch = '', digits = ''] = match;
  const release = digits.split('.').map(Number);
  switch (operator) {
    case '^': {
      const first = release.findIndex((part) => part !== 0);
      const upper = next(epoch, release, first < 0 ? release.length - 1 : first);
      return [
        { operator: '>=', version: bare },
        { operator: '<', version: upper },
      ];
    }
    case '~':
      return [
        { operator: '>=', version: bare },
        { operator: '<', version: next(epoch, release, Math.min(1, release.length - 1)) },
      ];
    case '':
    case '=':
    case '==':
      return [{ operator: '==', version: wild === null ? bare : `${bare}.*` }];
    case '!=':
      return [{ operator, version: wild === null ? bare : `${bare}.*` }];
    default:
      return [{ operator, version: bare }];
  }
}

/** The alternatives that `||` separates, each a list of clauses that all hold; undefined for what is no constraint. */
function parse(constraint: string): Clause[][] | undefined {
  if (constraint.length > LONGEST) return undefined;
  const alternatives: Clause[][] = [];
  for (const part of constraint.split(/\|\|?/)) {
    const text = part.replace(/[\s,]+$/, '');
    const clauses: Clause[] = [];
    CLAUSE.lastIndex = 0;
    while (CLAUSE.lastIndex < text.length) {
      const match = CLAUSE.exec(text);
      const translated = match === null ? undefined : translate(match[1] ?? '', match[2] ?? '');
      if (translated === undefined) return undefined;
      clauses.push(...translated);
    }
    alternatives.push(clauses);
  }
  return alternatives;
}

/** The lowest (or highest) version that the clauses allow, as a clause of its own; undefined where there is no bound. */
function bound(clauses: readonly Clause[], side: 'lower' | 'upper'): Clause | undefined {
  const signs = side === 'lower' ? ['>=', '>'] : ['<=', '<'];
  for (const { operator, version } of clauses) {
    if (signs.includes(operator)) return { operator, version };
    if (operator !== '==' && operator !== '===' && operator !== '~=') continue;
    const bare = version.replace(/\.\*$/, '');
    const release = bare.split('.').map(Number);
    if (side === 'lower') return { operator: '>=', version: bare };
    if (operator === '~=') return { operator: '<', version: next('', release, release.length - 2) };
    if (bare !== version) return { operator: '<', version: next('', release, release.length - 1) };
    return { operator: '<=', version: bare };
  }
  return undefined;
}

/**
 * What holds all alternatives: from the lowest to the highest. PEP 440 knows no "or". Undefined when a version is none
 * that can be compared.
 */
function hull(alternatives: readonly Clause[][]): Clause[] | undefined {
  if (alternatives.flat().some(({ version }) => valid(version.replace(/\.\*$/, '')) === null)) return undefined;
  return (['lower', 'upper'] as const).flatMap((side) => {
    const bounds = alternatives.map((clauses) => bound(clauses, side));
    if (bounds.some((one) => one === undefined)) return [];
    const sorted = (bounds as Clause[]).sort((a, b) => compare(a.version, b.version));
    const outer = side === 'lower' ? sorted[0] : sorted.at(-1);
    return outer === undefined ? [] : [outer];
  });
}

function join(clauses: readonly Clause[]): string {
  return clauses.map(({ operator, version }) => operator + version).join(',');
}

/**
 * A constraint as a PEP 440 specifier, '' when it allows every version.
 * @returns `widened` when alternatives became one range, which may allow versions between them; undefined for what is
 *   no constraint
 */
export function toSpecifier(constraint: string): { specifier: string; widened: boolean } | undefined {
  const alternatives = parse(constraint);
  if (alternatives === undefined) return undefined;
  const [only = []] = alternatives;
  if (alternatives.length === 1) return { specifier: join(only), widened: false };
  const whole = hull(alternatives);
  return whole === undefined ? undefined : { specifier: join(whole), widened: true };
}

/** One clause about Python as a marker. */
function pythonMarker({ operator, version }: Clause): string {
  const bare = version.replace(/\.\*$/, '');
  const parts = bare.split('.').length;
  // As Poetry has it, `<=3.8` and `3.8` mean all of 3.8.
  if (parts > 2) return `python_full_version ${operator} "${version}"`;
  return `python_version ${operator} "${parts === 2 ? bare : version}"`;
}

/** A constraint on Python as a marker, '' when every Python will do; undefined for what is no constraint. */
export function toPythonMarker(constraint: string): string | undefined {
  const alternatives = parse(constraint);
  if (alternatives === undefined) return undefined;
  const parts = alternatives.map((clauses) => clauses.map(pythonMarker).join(' and '));
  if (parts.includes('')) return '';
  return parts.length === 1 ? parts[0] : parts.map((part) => `(${part})`).join(' or ');
}
