/** A git server and everything around it that a test of resolving and fetching needs. */
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { type FetchOptions, fetchCheckout } from '../../src/fetch/fetch.ts';
import { createGit } from '../../src/fetch/git.ts';
import type { NetworkSeams } from '../../src/network.ts';
import { resolveRef } from '../../src/resolve/resolve.ts';
import { parseRepo } from '../../src/resolve/spec.ts';
import type { Checkout, Resolved } from '../../src/types.ts';
import { type GitServer, type GitServerOptions, startGitServer } from './git-server.ts';
import { type CommitSpec, makeRepo, tempFolder } from './repo.ts';

export interface Fetching {
  server: GitServer;
  /** A folder for the test's own files. */
  folder: string;
  repo(name: string, commits: CommitSpec[]): Promise<string[]>;
  /** `input` is a repository's name on the server, a URL or a folder. */
  resolve(input: string, more?: More): Promise<Resolved>;
  fetch(input: string, more?: More): Promise<Checkout>;
  fetchResolved(resolved: Resolved, more?: More): Promise<Checkout>;
  /** Folders that fetches have made in the temporary folder and not removed; give each test process one of its own. */
  left(): Promise<string[]>;
  close(): Promise<void>;
}

const TRACE = 'slipway-fetch-';

/** Gives this process a temporary folder of its own, so that what others leave does not count. */
export async function ownTemporaryFolder(): Promise<() => Promise<void>> {
  const before = process.env.TMPDIR;
  const own = await tempFolder('own');
  process.env.TMPDIR = own.path;
  return async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await own.remove();
  };
}

export interface More extends FetchOptions {
  ref?: string;
  settings?: Record<string, string>;
  seams?: Partial<NetworkSeams>;
}

/** Starts a server. */
export async function startFetching(options: GitServerOptions = {}): Promise<Fetching> {
  const base = await tempFolder('world');
  const folder = base.path;
  const server = await startGitServer(options);
  const configOf = (more: More = {}) => loadConfig({ SLIPWAY_ALLOWED_HOSTS: server.host, ...more.settings });
  const isName = (input: string) => !/^(https?:|\/)/.test(input);

  const resolve: Fetching['resolve'] = (input, more = {}) => {
    const spec = parseRepo(isName(input) ? server.url(input) : input, { allowLocal: true, ref: more.ref });
    return resolveRef(spec, { git: createGit(configOf(more), more.signal, more.seams) });
  };
  const fetchResolved: Fetching['fetchResolved'] = async (resolved, more = {}) => {
    const deps = { config: configOf(more), ...(more.seams ? { seams: more.seams } : {}) };
    const checkout = await fetchCheckout(resolved, more, deps);
    // As content needs it.
    await checkout.finishGit().catch(async (error) => {
      await checkout.dispose();
      throw error;
    });
    return checkout;
  };
  return {
    server,
    folder,
    repo: async (name, commits) => (await makeRepo(server.root, name, commits)).shas,
    resolve,
    fetchResolved,
    fetch: async (input, more) => fetchResolved(await resolve(input, more), more),
    left: async () => (await readdir(tmpdir())).filter((name) => name.startsWith(TRACE)),
    async close() {
      await server.close();
      await base.remove();
    },
  };
}

/** A server for all tests of a file, which has a temporary folder of its own too; each test sees only its own requests. */
export function fetchingForFile(): Fetching {
  const world = {} as Fetching;
  let removeTemporary: () => Promise<void>;
  beforeAll(async () => {
    removeTemporary = await ownTemporaryFolder();
    Object.assign(world, await startFetching());
  });
  beforeEach(() => {
    world.server.requests.length = 0;
  });
  afterAll(async () => {
    await world.close();
    await removeTemporary();
  });
  return world;
}
