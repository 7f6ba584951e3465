/** pixi.lock, versions 4 to 7: what its default environment has for our platform. */
import { shown } from '../../src/paths.ts';
import type { Checkout } from '../../src/types.ts';
import { MAX_LOCK } from '../python/toml.ts';
import { channelName } from './channels.ts';
import { fault } from './faults.ts';
import { type Lock, lockedLine, lockedPackage } from './locks.ts';
import { entriesOf, itemsOf, readYaml, textOf, type YamlMap, type YamlValue } from './yaml.ts';

const HINT = 'Let pixi write the lock anew.';
const VERSIONS = new Set(['4', '5', '6', '7']);

/** The long description of each package, by its address or path. */
function described(top: YamlMap): Map<string, YamlMap> {
  return new Map(
    itemsOf(top.get('packages'), 'packages').map((value) => {
      const entries = entriesOf(value, 'a package');
      // Up to version 5 `kind` and `url` or `path`, from 6 on the kind is the key.
      const where = entries.get('conda') ?? entries.get('pypi') ?? entries.get('url') ?? entries.get('path');
      return [where === undefined ? '' : textOf(where, 'the address of a package'), entries] as const;
    }),
  );
}

function take(lock: Lock, value: YamlValue, known: ReadonlyMap<string, YamlMap>): void {
  const entries = entriesOf(value, 'a package');
  const conda = entries.get('conda');
  const pypi = entries.get('pypi');
  if (conda !== undefined) {
    const url = textOf(conda, 'conda');
    // A path is a package that pixi would build, which the manifest names too.
    if (!url.includes('://')) return;
    lock.locked.push(lockedPackage(value, url, known.get(url) ?? new Map()));
  } else if (pypi !== undefined) {
    const url = textOf(pypi, 'pypi');
    // A path is the repository's own package, which the manifest names too.
    if (!/^(?:git\+)?https?:/.test(url)) return;
    const facts = known.get(url) ?? new Map<string, YamlValue>();
    const [name, version] = ['name', 'version'].map((key) => {
      const found = facts.get(key);
      return found === undefined ? '' : textOf(found, key);
    }) as [string, string];
    lock.pip.push(lockedLine(value, name, version, url, facts));
  } else {
    throw fault(value, 'it has a package that comes neither from a channel nor from PyPI.', HINT);
  }
}

/** Reads pixi.lock. @throws SlipwayError `bad_environment_file` with line and column, `file_too_large` */
export async function readPixiLock(checkout: Checkout, file: string, subdir: string): Promise<Lock> {
  const document = await readYaml(checkout, file, MAX_LOCK);
  const top = entriesOf(document, 'a lock of pixi');
  const version = top.get('version');
  const number = version === undefined ? '' : textOf(version, 'version');
  if (!VERSIONS.has(number))
    throw fault(version ?? document, `it is of version "${shown(number, 20)}"; 4 to 7 are read.`, HINT);
  const environment = entriesOf(entriesOf(top.get('environments'), 'environments').get('default'), 'default');
  const packages = entriesOf(environment.get('packages'), 'packages');
  const channels = itemsOf(environment.get('channels'), 'channels').map((item) => {
    const url = item.kind === 'map' ? item.entries.get('url') : item;
    return channelName(item, url === undefined ? '' : textOf(url, 'url'));
  });
  const lock: Lock = { file, channels, locked: [], pip: [], platforms: [...packages.keys()], sources: [] };
  const known = described(top);
  for (const value of itemsOf(packages.get(subdir), subdir)) take(lock, value, known);
  return lock;
}
