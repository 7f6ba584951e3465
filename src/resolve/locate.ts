/** DOI → the git repository that it leads to. What the sites answer is taken for hostile: it only ever names a repository. */
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { hostOf } from '../hosts.ts';
import { shown } from '../paths.ts';
import type { Sites } from '../sites.ts';
import type { RepoSpec } from '../types.ts';
import { recordOf } from './providers/zenodo.ts';
import { parseRepo } from './spec.ts';

export interface LocateDeps {
  sites: Sites;
  config: Pick<Config, 'SLIPWAY_MIRROR_DOI' | 'SLIPWAY_MIRROR_ZENODO'>;
}

/** From a DOI to another, from a record to its newest version. */
const MAX_STEPS = 5;
/** How a record says that it is a version of a repository; one that it cites is somebody else's. */
const RELATIONS = ['issupplementto', 'isderivedfrom', 'isidenticalto', 'isversionof'];

/**
 * Which repository a spec leads to, at which ref; what is no DOI is one already.
 * @throws repo_not_found, doi_without_repo, host_unreachable, host_rate_limited, host_not_allowed
 */
export async function locateRepo(spec: RepoSpec, deps: LocateDeps): Promise<RepoSpec> {
  if (spec.provider !== 'zenodo') return spec;
  let at = spec;
  for (let step = 0; step < MAX_STEPS && at.provider === 'zenodo'; step += 1) {
    const record = recordOf(at.name);
    at = record === undefined ? await behindDoi(at, deps) : await behindRecord(record, deps);
  }
  if (at.provider === 'zenodo') throw withoutRepo(`The DOI ${spec.name} leads to one DOI after another.`);
  // What opens is for who asks to say.
  const { urlpath: _theirs, ...repo } = at;
  return { ...repo, doi: spec.name, ...(spec.urlpath !== undefined && { urlpath: spec.urlpath }) };
}

/** Only the resolver is asked, never the site that it names. */
async function behindDoi({ name }: RepoSpec, { sites, config }: LocateDeps): Promise<RepoSpec> {
  const { isMissing, location } = await sites.leadsTo(siteUrl(config.SLIPWAY_MIRROR_DOI, name));
  if (isMissing) throw missing(`There is no DOI ${name}.`);
  const found = location && understood(unmirrored(location, config).href);
  if (found && (found.provider === 'zenodo' ? found.name !== name : isKnown(found))) return found;
  const host = location && hostOf(location);
  const where = host ? `${shown(host)}, which is no git host that we know` : 'no page';
  throw withoutRepo(`The DOI ${name} leads to ${where}.`);
}

/** The repository that Zenodo's record was made from; or another record, its newest version. */
async function behindRecord(record: string, deps: LocateDeps): Promise<RepoSpec> {
  const { sites, config } = deps;
  const metadata = await sites.json(siteUrl(config.SLIPWAY_MIRROR_ZENODO, `api/records/${record}`));
  if (metadata === undefined) return newestOf(record, deps);
  const named = relatedUrls(metadata).flatMap((url) => {
    const repo = understood(url);
    return repo && isKnown(repo) ? [repo] : [];
  });
  const version = named.find(({ ref, page }) => ref !== undefined || page !== undefined);
  if (version) return version;
  const [moving] = named;
  if (!moving) throw withoutRepo(`Zenodo's record ${record} names no git repository that it was made from.`);
  throw withoutRepo(`Zenodo's record ${record} names ${shown(moving.cloneUrl)}, but no version of it.`);
}

/** A number that stands for all versions has a page that leads to the newest. */
async function newestOf(record: string, { sites, config }: LocateDeps): Promise<RepoSpec> {
  const { location } = await sites.leadsTo(siteUrl(config.SLIPWAY_MIRROR_ZENODO, `records/${record}`));
  const newest = location && understood(unmirrored(location, config).href);
  const isOther = newest?.provider === 'zenodo' && ![undefined, record].includes(recordOf(newest.name));
  if (newest && isOther) return newest;
  throw missing(`Zenodo has no record ${record}.`);
}

function relatedUrls(record: unknown): string[] {
  const related = field(field(record, 'metadata'), 'related_identifiers');
  return (Array.isArray(related) ? related : []).flatMap((one: unknown) => {
    const [relation, identifier] = [field(one, 'relation'), field(one, 'identifier')];
    const counts = typeof relation === 'string' && RELATIONS.includes(relation.toLowerCase());
    return counts && typeof identifier === 'string' ? [identifier] : [];
  });
}

function field(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
  return isObject ? (value as Record<string, unknown>)[name] : undefined;
}

function understood(url: string): RepoSpec | undefined {
  if (!/^https?:\/\//i.test(url)) return undefined;
  try {
    return parseRepo(url, { allowLocal: false });
  } catch {
    return undefined;
  }
}

/** Any URL could be a clone URL: of hosts that we do not know, only what cannot be anything else. */
function isKnown({ provider, cloneUrl, ref, page }: RepoSpec): boolean {
  if (provider !== 'git') return provider !== 'zenodo';
  return ref !== undefined || page !== undefined || cloneUrl.endsWith('.git');
}

function siteUrl(mirror: string, path: string): URL {
  return new URL(`${mirror.replace(/\/+$/, '')}/${path}`);
}

/** A mirror may redirect to itself: the address that it stands for is what is understood. */
function unmirrored(url: URL, { SLIPWAY_MIRROR_DOI, SLIPWAY_MIRROR_ZENODO }: LocateDeps['config']): URL {
  const mirrors = [
    [SLIPWAY_MIRROR_DOI, 'https://doi.org'],
    [SLIPWAY_MIRROR_ZENODO, 'https://zenodo.org'],
  ] as const;
  for (const [mirror, origin] of mirrors) {
    const { href } = siteUrl(mirror, '');
    if (url.href.startsWith(href)) return new URL(`${origin}/${url.href.slice(href.length)}`);
  }
  return url;
}

function missing(message: string): SlipwayError {
  return new SlipwayError('repo_not_found', message, { hint: 'Check the spelling, and whether it is public.' });
}

function withoutRepo(message: string): SlipwayError {
  return new SlipwayError('doi_without_repo', message, {
    hint: 'Archives of files are not launched yet: give the address of the git repository itself, at the version that you want.',
  });
}
