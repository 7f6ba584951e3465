/**
 * A conda environment without a channel (SLIPWAY_CONDA=pypi): its Python packages from PyPI, its compilers, programs and
 * libraries from Debian. What has a counterpart in neither is an error.
 */
import { valid } from '@renovatebot/pep440';
import { SlipwayError } from '../../src/errors.ts';
import type { Checkout, Contribution, Match, Notice, PlanContext, PythonWish } from '../../src/types.ts';
import { apt } from '../apt/index.ts';
import { python } from '../python/index.ts';
import { normalName } from '../python/requirement.ts';
import { joinRequirements, noRequirements, type Requirements } from '../python/requirements.ts';
import { elsewhere } from './debian.ts';
import { onPypi, type PypiPackage } from './names.ts';
import type { CondaEnvironment, CondaSpec } from './types.ts';

interface Counterparts {
  requirements: Requirements;
  /** Debian packages. */
  debian: string[];
  wish: PythonWish;
  notices: Notice[];
}

interface Sorted {
  python: CondaSpec[];
  pypi: { spec: CondaSpec; found: PypiPackage }[];
  debian: { spec: CondaSpec; packages: readonly string[] }[];
  pointless: CondaSpec[];
  unknown: CondaSpec[];
}

const isExact = (spec: CondaSpec) => spec.version?.startsWith('==') ?? false;

/** A lock's packages when there is one: they are what the author had. */
function specsOf({ locked, specs, files: [file = ''] }: CondaEnvironment): CondaSpec[] {
  const places = new Map(specs.map((spec) => [spec.name, spec]));
  return (
    locked?.map(({ name, version }) => ({ file, line: 1, ...places.get(name), name, version: `==${version}` })) ?? specs
  );
}

function sorted(environment: CondaEnvironment): Sorted {
  const result: Sorted = { python: [], pypi: [], debian: [], pointless: [], unknown: [] };
  const asked = new Set(environment.specs.map(({ name }) => name));
  for (const spec of specsOf(environment)) {
    const found = onPypi(spec.name);
    const other = elsewhere(spec.name, isExact(spec));
    if (spec.name === 'python') result.python.push(spec);
    else if (found !== undefined) result.pypi.push({ spec, found });
    else if (other?.kind === 'debian') result.debian.push({ spec, packages: other.packages });
    // What a manifest did not name itself comes again with what needs it.
    else if (other !== undefined || (environment.locked && asked.size > 0 && !asked.has(spec.name)))
      result.pointless.push(spec);
    else result.unknown.push(spec);
  }
  return result;
}

function refuseUnknown(unknown: readonly CondaSpec[]): void {
  const [first] = unknown;
  if (first === undefined) return;
  const places = unknown.slice(0, 10).map(({ name, file, line }) => `${name} (${file}, line ${line})`);
  const more = unknown.length > places.length ? ` and ${unknown.length - places.length} more` : '';
  throw new SlipwayError(
    'needs_channel',
    `Without a conda channel nothing is known that stands for ${places.join(', ')}${more}.`,
    {
      hint: 'This Slipway takes conda environments from PyPI and Debian (SLIPWAY_CONDA=pypi). Name packages of PyPI under pip: instead, or ask the operator for a channel.',
    },
  );
}

interface Translation {
  /** `>=1.15,<2`, '' where any version will do. */
  specifier: string;
  /** Why it says less than what was written. */
  lost?: string;
}

function translatedClause(text: string, versions: PypiPackage['versions']): string | undefined {
  const [, operator = '==', version = ''] = /^(==|~=|!=|<=|>=|<|>)?(.*)$/.exec(text) ?? [];
  const series = version.replace(/\.\*$/, '');
  if (valid(series) === null) return undefined;
  const isLonger = versions === 'longer' && operator === '==' && series === version;
  return `${operator}${isLonger ? `${version}.*` : version}`;
}

/** conda's version → PEP 440. */
function translated(version: string | undefined, versions: PypiPackage['versions']): Translation {
  if (version === undefined) return { specifier: '' };
  if (versions === 'other') return { specifier: '', lost: 'PyPI counts its versions otherwise' };
  const alternatives = version.split('|');
  const clauses = (alternatives.at(-1) ?? '').split(',').map((text) => translatedClause(text, versions));
  if (clauses.includes(undefined)) return { specifier: '', lost: 'PyPI knows no such version' };
  const specifier = clauses.join(',');
  return alternatives.length > 1 ? { specifier, lost: 'PyPI knows no alternatives' } : { specifier };
}

/** A series is explicit, bounds are bounds; which patch release there is, is not conda's to say. */
function wishOf(specs: readonly CondaSpec[], notices: Notice[]): Pick<PythonWish, 'version' | 'requires'> {
  const spec = specs.find(({ version }) => version !== undefined);
  if (spec?.version === undefined) return {};
  const { version, file, line } = spec;
  const [, minor, patch] = /^(?:==)?(\d\.\d+)(\.\d+)?(?:\.\*)?$/.exec(version) ?? [];
  if (minor !== undefined) {
    if (patch !== undefined) {
      const message = `${file}, line ${line}: of Python ${minor}${patch} only ${minor} is taken: without a channel there is one patch release of it.`;
      notices.push({ code: 'python-patch', message, file });
    }
    return { version: { value: minor, file } };
  }
  if (/^(?:==)?2(?:\.\*)?$/.test(version)) return { version: { value: '2.7', file } };
  const { specifier } = translated(version, 'same');
  return specifier === '' ? {} : { requires: { value: specifier, file } };
}

/** What `pip:` names itself is not asked for twice: in a conda environment pip has the last word. */
function requirementsOf(entries: Sorted['pypi'], pip: Requirements, notices: Notice[]): Requirements {
  const own = noRequirements();
  for (const { spec, found } of entries) {
    const { file, line } = spec;
    const name = normalName(found.name.replace(/\[.*$/, ''));
    if (pip.names.has(name)) {
      const message = `${file}, line ${line}: ${spec.name} is taken as the pip: section has it.`;
      notices.push({ code: 'pip-instead', message, file });
      continue;
    }
    const { specifier, lost } = translated(spec.version, found.versions);
    if (lost !== undefined) {
      const message = `${file}, line ${line}: of ${spec.name} ${spec.version} ${specifier === '' ? 'any version' : specifier} is taken, for ${lost}.`;
      notices.push({ code: 'version-lost', message, file });
    }
    own.requirements.push(found.name + specifier);
    own.names.add(name);
    // With three numbers a series is what others call a pin.
    const pin = /^==([^,*]+?|\d+\.\d+\.\d+\.\*)$/.exec(specifier)?.[1]?.replace(/\.\*$/, '');
    if (pin !== undefined) own.pins.push({ name, version: pin, file });
  }
  return joinRequirements([own, pip]);
}

function listed(specs: readonly CondaSpec[]): string {
  const names = [...new Set(specs.map(({ name }) => name))];
  return names.slice(0, 20).join(', ') + (names.length > 20 ? ` and ${names.length - 20} more` : '');
}

function foundNotices({ debian, pointless }: Sorted, file: string): Notice[] {
  const message = `${file}: Python packages come from PyPI, others from Debian, because this Slipway asks no conda channel (SLIPWAY_CONDA=pypi); channels and builds mean nothing there.`;
  const notices: Notice[] = [{ code: 'conda-from-pypi', message, file }];
  if (debian.length > 0) {
    const text = `${file}: from Debian, in its versions: ${listed(debian.map(({ spec }) => spec))}.`;
    notices.push({ code: 'conda-from-debian', message: text, file });
  }
  if (pointless.length > 0) {
    const text = `${file}: not needed without a channel and left out: ${listed(pointless)}.`;
    notices.push({ code: 'not-needed', message: text, file });
  }
  return notices;
}

/**
 * What stands on PyPI and in Debian for an environment of conda's.
 * @throws SlipwayError `needs_channel` with name, file and line of what has no counterpart
 */
export function counterparts(environment: CondaEnvironment): Counterparts {
  const entries = sorted(environment);
  refuseUnknown(entries.unknown);
  const [file = ''] = environment.files;
  const notices = foundNotices(entries, file);
  const wish = wishOf(entries.python, notices);
  const requirements = requirementsOf(entries.pypi, environment.pip ?? noRequirements(), notices);
  const debian = [
    ...entries.debian.flatMap(({ packages }) => packages),
    ...entries.pypi.flatMap(({ found }) => found.debian),
  ];
  return { requirements, debian: [...new Set(debian)].sort(), wish: { ...wish, pins: requirements.pins }, notices };
}

/** Plans a conda environment as the packs of Python and Debian would. @throws SlipwayError `needs_channel` */
export async function planOnPypi(
  checkout: Checkout,
  match: Match<unknown>,
  environment: CondaEnvironment,
  context: PlanContext,
): Promise<Contribution> {
  const { requirements, debian, notices } = counterparts(environment);
  const [file = ''] = environment.files;
  const fromDebian = await apt.plan(checkout, { ...match, data: { file, packages: debian } }, context);
  const fromPypi = await python.plan(checkout, { ...match, data: { requirements, package: undefined } }, context);
  return {
    ...fromPypi,
    steps: [...fromDebian.steps, ...fromPypi.steps],
    notices: [...notices, ...fromDebian.notices, ...fromPypi.notices],
    env: environment.variables,
  };
}
