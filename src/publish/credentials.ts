/** Who we are at the registry: the settings, else docker's config.json and its credential helpers. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';

export type Credentials = { username: string; password: string } | { identityToken: string };

/** What was found, and for which other hosts there would be something: for a message that helps. */
export interface Found {
  credentials?: Credentials;
  /** Where they come from, for people. */
  source: string;
  others: string[];
}

type Settings = Pick<Config, 'SLIPWAY_REGISTRY_USERNAME' | 'SLIPWAY_REGISTRY_PASSWORD' | 'DOCKER_CONFIG'>;

interface DockerConfig {
  auths?: Record<string, { auth?: string; identitytoken?: string; username?: string; password?: string }>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}

const HELPER_TIME = 10_000;
const HELPER_OUTPUT = 64 * 1024;
const HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** @param host `host[:port]` of the registry @throws bad_setting, registry_login_missing when a helper fails */
export async function findCredentials(config: Settings, host: string): Promise<Found> {
  const { SLIPWAY_REGISTRY_USERNAME: username, SLIPWAY_REGISTRY_PASSWORD: password } = config;
  if (username !== '' || password !== '')
    return { credentials: { username, password }, source: 'SLIPWAY_REGISTRY_USERNAME and _PASSWORD', others: [] };
  const path = join(config.DOCKER_CONFIG, 'config.json');
  const docker = await readDockerConfig(path);
  const { auths = {}, credHelpers = {} } = docker;
  const others = [...new Set([...Object.keys(auths), ...Object.keys(credHelpers)].map(hostname))];
  const helper = entryFor(credHelpers, host) ?? docker.credsStore;
  const asked = helper === undefined ? undefined : await askHelper(helper, HUB.has(host) ? HUB_KEY : host);
  const credentials = asked ?? fromFile(entryFor(auths, host));
  const source = asked ? `docker-credential-${helper}` : path;
  return { source, others, ...(credentials && { credentials }) };
}

const HUB_KEY = 'https://index.docker.io/v1/';

/** Keys of config.json are hosts, or URLs as older versions wrote them. */
function hostname(key: string): string {
  const host = key.replace(/^https?:\/\//, '').split('/')[0] ?? '';
  return HUB.has(host) ? 'docker.io' : host;
}

function entryFor<T>(entries: Record<string, T>, host: string): T | undefined {
  return Object.entries(entries).find(([key]) => hostname(key) === hostname(host))?.[1];
}

async function readDockerConfig(path: string): Promise<DockerConfig> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '{}';
    throw unreadable(path, error);
  });
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as DockerConfig) : {};
  } catch {
    // Without the parser's message: it quotes the text.
    throw unreadable(path, new Error('it is no JSON'));
  }
}

function unreadable(path: string, cause: Error): SlipwayError {
  return new SlipwayError('bad_setting', `docker's ${path} cannot be read: ${cause.message}.`, {
    hint: 'Mend it, name another folder in DOCKER_CONFIG, or set SLIPWAY_REGISTRY_USERNAME and _PASSWORD.',
  });
}

function fromFile(entry: NonNullable<DockerConfig['auths']>[string] | undefined): Credentials | undefined {
  if (!entry) return undefined;
  if (entry.identitytoken) return { identityToken: entry.identitytoken };
  const pair = Buffer.from(entry.auth ?? '', 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon > 0) return { username: pair.slice(0, colon), password: pair.slice(colon + 1).replace(/\0+$/, '') };
  return entry.username ? { username: entry.username, password: entry.password ?? '' } : undefined;
}

/** One of docker's helpers, started without a shell; what it says is never told on. */
async function askHelper(name: string, host: string): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  if (!/^[a-z0-9][a-z0-9._-]*$/i.test(name)) throw helperFailed('Its name is no name of a program.', name);
  const answer = await runHelper(program, host);
  if (answer === undefined) return undefined;
  try {
    const { Username, Secret } = JSON.parse(answer) as { Username: string; Secret: string };
    if (typeof Secret !== 'string' || Secret === '') return undefined;
    return Username === '<token>' ? { identityToken: Secret } : { username: String(Username), password: Secret };
  } catch {
    throw helperFailed('It says something that is no JSON.', program);
  }
}

function runHelper(program: string, host: string): Promise<string | undefined> {
  const options = { timeout: HELPER_TIME, maxBuffer: HELPER_OUTPUT };
  return new Promise((resolve, reject) => {
    const child = execFile(program, ['get'], options, (error, stdout) => {
      if (!error) return resolve(stdout);
      if (/credentials not found/i.test(stdout)) return resolve(undefined);
      const { code, killed } = error as { code?: string | number; killed?: boolean };
      const why = code === 'ENOENT' ? 'There is no such program.' : `It failed${killed ? ' to answer' : ''}.`;
      reject(helperFailed(why, program));
    });
    child.stdin?.on('error', () => undefined).end(host);
  });
}

function helperFailed(why: string, program: string): SlipwayError {
  const message = `docker's config.json names ${JSON.stringify(program)} for the registry's credentials. ${why}`;
  return new SlipwayError('registry_login_missing', message, {
    hint: 'Install or mend it, or set SLIPWAY_REGISTRY_USERNAME and SLIPWAY_REGISTRY_PASSWORD.',
  });
}
