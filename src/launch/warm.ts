/** Servers that run before anybody asks for them, each from an environment image, and what makes one somebody's session. */
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import type Docker from 'dockerode';
import { extract, pack } from 'tar-stream';
import { sessionUrl } from '../addresses.ts';
import { SlipwayError } from '../errors.ts';
import type { SessionTarget } from '../session-target.ts';
import { type RunDeps, runContainer } from './docker.ts';
import { ask } from './ready.ts';
import { type LaunchInput, launchVariables, PREFIX, serviceFacts, sessionTarget, warmLabels } from './session.ts';
import { CLAIM, EXTENSION, FACTS, FOLDER, MODULE, OPTIONS } from './warm-extension.ts';

/** What the container of a claimed server says of it, in place of labels, which the engine cannot change. */
export interface ClaimFacts {
  launchId: string;
  client: string;
  repo: string;
  provider: string;
  spec: string;
  ref: string;
  commit: string;
  image: string;
  urlpath: string;
  startedAt: string;
}

/** Bytes of a commit that are read while the engine begins to unpack. */
const AHEAD = 4 * 2 ** 20;

/** Folders and files that a server reads when it starts, so that one which has started already would not see them. */
const READ_AT_START =
  /^(?:[^/]+\/)*(?:jupyter_[^/]*config[^/]*\.(?:py|json))$|^\.(?:jupyter|ipython|local|config)(?:\/|$)|^\.(?:profile|bashrc|bash_profile|bash_login|bash_aliases|zshrc|zprofile|zshenv|env)$/;

/** Whether one of a repository's files is read when a server starts. */
export function isReadAtStart(paths: readonly string[]): boolean {
  return paths.some((path) => READ_AT_START.test(path));
}

/**
 * Starts a server that waits.
 * @param environment key and image of the environment
 * @throws session_failed when this environment's server cannot wait for a launch
 */
export async function startWarm(
  name: string,
  environment: { key: string; image: string },
  deps: RunDeps,
): Promise<void> {
  const url = sessionUrl(deps.config, name);
  const session = await runContainer(
    {
      id: name,
      image: environment.image,
      labels: warmLabels(environment.key, url),
      variables: { PYTHONPATH: `${FOLDER}/warm`, JUPYTERHUB_SERVICE_PREFIX: new URL(url).pathname },
      path: new URL(url).pathname,
      options: OPTIONS,
      prepare: (container) => put(container, { [`warm/${MODULE}.py`]: EXTENSION }),
    },
    deps,
  );
  const facts = await deps.docker.getContainer(PREFIX + name).inspect();
  const server = { target: sessionTarget(facts), path: serviceFacts(facts).path, token: session.token };
  if (await isWaiting(server, deps.signal)) return;
  throw new SlipwayError('session_failed', `The server of ${environment.image} cannot wait for a launch.`);
}

/** Where a server that waits is asked. */
interface WarmServer {
  target: SessionTarget | undefined;
  path: string;
  token: string;
}

/** Whether a server says that it waits for a launch. */
export async function isWaiting({ target, path, token }: WarmServer, signal: AbortSignal): Promise<boolean> {
  return target !== undefined && (await ask({ target, path, token }, CLAIM, signal))?.text === 'waiting';
}

/**
 * Puts a commit into a server that waits, and makes it the session of a launch.
 * @param content `folder` is where the server then works
 */
export async function fillWarm(
  input: LaunchInput & { service: NonNullable<LaunchInput['service']> },
  { target, path, token }: WarmServer,
  { folder, write }: { folder: string; write(sink: Writable): Promise<unknown> },
  deps: RunDeps,
): Promise<ClaimFacts> {
  const { resolved, service, urlpath, image } = input;
  const { spec, ref, commit } = resolved;
  const facts: ClaimFacts = {
    ...{ launchId: service.launchId, client: service.client, ref, commit, image },
    ...{ repo: spec.canonicalUrl, provider: spec.provider, spec: spec.name },
    urlpath: urlpath ?? resolved.urlpath ?? '',
    startedAt: new Date().toISOString(),
  };
  const variables = { ...launchVariables(input, service.name, deps.config), REPO_DIR: folder };
  const container = deps.docker.getContainer(PREFIX + service.name);
  // In one archive: the engine unpacks one after the other, and takes its time to begin.
  const layer = new PassThrough({ highWaterMark: AHEAD });
  layer.write(withoutEnd(await buffer(archiveOf({ [FACTS]: JSON.stringify({ ...facts, variables, folder }) }))));
  await Promise.all([
    container.putArchive(layer, { path: '/' }),
    write(layer).catch((error) => {
      layer.destroy(error as Error);
      throw error;
    }),
  ]);
  const answer = target && (await ask({ target, path, token }, CLAIM, deps.signal, 'POST'));
  if (answer?.text === 'taken') return facts;
  throw new SlipwayError('session_failed', 'The server did not take the launch over.');
}

async function put(container: Docker.Container, files: Record<string, string>): Promise<void> {
  await container.putArchive(archiveOf(files), { path: '/' });
}

/** Files of root's in our folder of a container. */
function archiveOf(files: Record<string, string>): NodeJS.ReadableStream {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name: `${FOLDER.slice(1)}/${name}` }, content);
  tar.finalize();
  return tar as unknown as NodeJS.ReadableStream;
}

/** An archive that another goes on from: two empty blocks are its end. */
function withoutEnd(archive: Buffer): Buffer {
  return archive.subarray(0, -1024);
}

/** Whose session a server has become; undefined while it waits. */
export async function readClaim(container: Docker.Container): Promise<ClaimFacts | undefined> {
  const archive = await container.getArchive({ path: `${FOLDER}/${FACTS}` }).catch((error) => {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  });
  if (!archive) return undefined;
  for await (const entry of (archive as Readable).pipe(extract())) return JSON.parse(await text(entry)) as ClaimFacts;
  return undefined;
}
