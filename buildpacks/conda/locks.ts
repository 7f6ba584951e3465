/** What the locks of conda-lock and pixi have in common, and conda-lock.yml. */
import { shown } from '../../src/paths.ts';
import type { Checkout } from '../../src/types.ts';
import type { RequirementLine } from '../python/lines.ts';
import { MAX_LOCK } from '../python/toml.ts';
import { channelName } from './channels.ts';
import { fault, type Place, quoted } from './faults.ts';
import type { CondaEnvironment } from './types.ts';
import { entriesOf, itemsOf, readYaml, textOf, type YamlMap, type YamlValue } from './yaml.ts';

export type LockedPackage = NonNullable<CondaEnvironment['locked']>[number];

export interface Lock {
  file: string;
  channels: string[];
  /** Of our platform; empty where the lock knows only others. */
  locked: LockedPackage[];
  /** What pip installs, a line each. */
  pip: RequirementLine[];
  /** The platforms that it knows. */
  platforms: string[];
  /** Manifests that it locks, as it names them; empty where it does not say. */
  sources: string[];
}

const HINT = 'Let its tool write the lock anew.';
const ADDRESS = /^https?:\/\/[A-Za-z0-9.:[\]-]+\/[A-Za-z0-9._~:/%+!@=-]+$/;
const ARCHIVE =
  /\/(?:noarch|linux-[a-z0-9_]+)\/([a-z0-9_][a-z0-9_.-]*)-([A-Za-z0-9_.+!]+)-([A-Za-z0-9_.+]+)\.(?:conda|tar\.bz2)$/;
const INDEX = 'https://files.pythonhosted.org/';

/** `linux/arm64` → `linux-aarch64`, as conda calls it. */
export function subdirOf(platform: string): string {
  const [system = 'linux', machine = 'amd64'] = platform.split('/');
  return `${system}-${{ amd64: '64', arm64: 'aarch64' }[machine] ?? machine}`;
}

function checkedUrl(place: Place, url: string): string {
  const parsed = url.length < 1000 && ADDRESS.test(url) && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) throw fault(place, `${quoted(url)} is no address of a package.`, HINT);
  if (parsed.username !== '' || parsed.password !== '' || /\/t\/[^/]+/.test(parsed.pathname))
    throw fault(
      place,
      'the address of a package holds a password or token.',
      'Remove it: it is public now, so revoke it too.',
    );
  return url;
}

function hashOf(place: Place, entries: YamlMap, name: 'sha256' | 'md5'): Record<string, string> {
  const value = entries.get(name);
  if (value === undefined || textOf(value, name) === '') return {};
  const hash = textOf(value, name);
  if (!/^[0-9a-f]{32}(?:[0-9a-f]{32})?$/.test(hash)) throw fault(place, `${quoted(hash)} is no ${name}.`, HINT);
  return { [name]: hash };
}

/** A conda package by its address, whose last part says name, version and build. */
export function lockedPackage(place: Place, address: string, hashes: YamlMap): LockedPackage {
  const url = checkedUrl(place, address);
  const [, name = '', version = '', build = ''] = ARCHIVE.exec(url.replace(/%21/g, '!').replace(/%2B/gi, '+')) ?? [];
  if (name === '') throw fault(place, `${quoted(url)} is no address of a conda package for Linux.`, HINT);
  return { name, version, build, url, ...hashOf(place, hashes, 'sha256'), ...hashOf(place, hashes, 'md5') };
}

/** A package of pip's as a requirement: by name and hash from the index, else from where the lock has it. */
export function lockedLine(
  place: Place,
  name: string,
  version: string,
  address: string,
  hashes: YamlMap,
): RequirementLine {
  const [url = '', sha] = address.split('#');
  const at = { file: place.file, number: place.line };
  // The commit is in the fragment, what was asked for in the query.
  if (address.startsWith('git+'))
    return { ...at, text: `${name} @ ${url.split('?')[0]}${sha === undefined ? '' : `@${sha}`}` };
  if (!address.startsWith(INDEX)) return { ...at, text: `${name} @ ${checkedUrl(place, url)}` };
  const { sha256 } = hashOf(place, hashes, 'sha256');
  return { ...at, text: `${name}==${version}${sha256 === undefined ? '' : ` --hash=sha256:${sha256}`}` };
}

function takePackage(lock: Lock, value: YamlValue, subdir: string): void {
  const entries = entriesOf(value, 'a package');
  const say = (key: string) => {
    const found = entries.get(key);
    return found === undefined ? '' : textOf(found, key);
  };
  // conda-lock installs main and dev unless it is told otherwise.
  const category = say('category') || 'main';
  if (say('platform') !== subdir || (category !== 'main' && category !== 'dev')) return;
  const hashes = entriesOf(entries.get('hash'), 'hash');
  if (say('manager') === 'pip') lock.pip.push(lockedLine(value, say('name'), say('version'), say('url'), hashes));
  else lock.locked.push(lockedPackage(value, say('url'), hashes));
}

/** Reads conda-lock.yml. @throws SlipwayError `bad_environment_file` with line and column, `file_too_large` */
export async function readCondaLock(checkout: Checkout, file: string, subdir: string): Promise<Lock> {
  const document = await readYaml(checkout, file, MAX_LOCK);
  const top = entriesOf(document, 'a lock of conda-lock');
  const version = top.get('version');
  const number = version === undefined ? '' : textOf(version, 'version');
  if (number !== '1') throw fault(version ?? document, `it is of version "${shown(number, 20)}"; 1 is read.`, HINT);
  const metadata = entriesOf(top.get('metadata'), 'metadata');
  const texts = (key: string) => itemsOf(metadata.get(key), key).map((item) => textOf(item, key));
  const channels = itemsOf(metadata.get('channels'), 'channels').map((item) => {
    const url = item.kind === 'map' ? item.entries.get('url') : item;
    return channelName(item, url === undefined ? '' : textOf(url, 'url'));
  });
  const lock: Lock = { file, channels, locked: [], pip: [], platforms: texts('platforms'), sources: texts('sources') };
  for (const value of itemsOf(top.get('package'), 'package')) takePackage(lock, value, subdir);
  return lock;
}
