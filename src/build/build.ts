/** Builds a rendered Dockerfile with the engine's BuildKit. */
import type Docker from 'dockerode';
import type { Config } from '../config.ts';
import { guardBuild } from '../egress.ts';
import { watchDisk } from '../engine-disk.ts';
import { ensureLimits } from '../engine-limits.ts';
import { SlipwayError } from '../errors.ts';
import { INSTANCE_LABEL, instanceId } from '../instance.ts';
import type { Emit, Suite } from '../types.ts';
import { cancelled, throwIfCancelled } from './cancel.ts';
import { type ContextStream, packContext } from './context.ts';
import { diagnose, isContextLost } from './diagnose.ts';
import { newDraft, removeDeadDrafts } from './draft.ts';
import { moveTag, untag } from './inspect.ts';
import { createJournal, type Failure } from './journal.ts';
import { stepFinder } from './steps.ts';
import { type ContextFile, supportFiles } from './support.ts';
import { masker, secretsOf } from './text.ts';
import { messages } from './trace.ts';

export interface BuildInput {
  /** Its `# step: <title>` comments name the instructions that follow, in events and errors. */
  dockerfile: string;
  tag: string;
  labels: Record<string, string>;
  suite: Suite;
  noCache?: boolean;
  /** Stage to build, where it is not the last. */
  target?: string;
  /** Of the context, beside the Dockerfile and `.slipway/`. */
  files?: ContextFile[];
  /** Files of the context that are too big for memory. */
  streams?: ContextStream[];
}

export interface BuildDeps {
  docker: Docker;
  config: Config;
  emit: Emit;
  signal: AbortSignal;
}

export interface BuildOutput {
  /** `sha256:…` of the image's config. */
  imageId: string;
  /** The same, as no registry has given the image another. */
  digest: string;
}

/** Who clears the cache all the time is not waited for. */
const TRIES = 3;
/** Time that the engine gets to stop a cancelled build before its connection is cut, which stops it as well. */
const STOP_GRACE = 10_000;

/**
 * Builds, and names the image when it is done: a build that fails or is cancelled leaves no tag and no container.
 * Throws what `diagnose` finds in the log, `build_timeout`, `disk_full`, or the reason of `signal`.
 */
export async function buildImage(input: BuildInput, deps: BuildDeps): Promise<BuildOutput> {
  const { docker, config } = deps;
  throwIfCancelled(deps.signal);
  const info = (await docker.info()) as { CgroupDriver?: string; DockerRootDir?: string };
  await ensureLimits(config, info.CgroupDriver);
  const guard = await guardBuild(deps);
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(timedOut(config)), config.SLIPWAY_BUILD_TIME);
  const forward = () => stop.abort(cancelled(deps.signal));
  deps.signal.addEventListener('abort', forward, { once: true });
  if (deps.signal.aborted) forward();
  const endWatch = await watchDisk(config, info.DockerRootDir, (error) => stop.abort(error));
  const draft = await newDraft();
  const swept = removeDeadDrafts(docker).catch(() => undefined);
  try {
    const imageId = await run(input, deps, draft, stop.signal);
    await moveTag(docker, imageId, input.tag);
    return { imageId, digest: imageId };
  } finally {
    endWatch();
    clearTimeout(timer);
    deps.signal.removeEventListener('abort', forward);
    await Promise.all([untag(docker, draft), guard.release(), swept]);
  }
}

/** One build under the name `draft`, begun anew when the engine has lost its context, which is before its first step; the image's id. */
async function run(input: BuildInput, deps: BuildDeps, draft: string, signal: AbortSignal): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    const outcome = await runOnce(input, deps, draft, signal);
    if (typeof outcome === 'string') return outcome;
    if (tries === TRIES || !isContextLost(outcome)) throw diagnose(outcome);
  }
}

async function runOnce(
  input: BuildInput,
  deps: BuildDeps,
  draft: string,
  signal: AbortSignal,
): Promise<string | Failure> {
  const { docker, config, emit } = deps;
  throwIfCancelled(signal);
  const mask = maskOf(config);
  const journal = createJournal(stepFinder(input.dockerfile), emit, mask);
  const dockerfile: ContextFile = { path: 'Dockerfile', content: input.dockerfile };
  const files = [dockerfile, ...(input.files ?? []), ...(await supportFiles(config, input.suite))];
  const context = packContext(files, input.streams);
  const id = draft.replace(/.*:/, '');
  const stream = await start(docker, context, await options(input, config, draft, id));
  const release = stopOnAbort(docker, id, stream, signal);
  let imageId: string | undefined;
  let failed: string | undefined;
  try {
    for await (const message of messages(stream)) {
      if (message.kind === 'image') imageId = message.id;
      else if (message.kind === 'error') failed = message.message;
      else {
        journal.vertexes(message.vertexes);
        journal.logs(message.logs);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw connectionLost(error);
  } finally {
    release();
    context.destroy();
  }
  throwIfCancelled(signal);
  if (failed !== undefined) return journal.failure(failed);
  if (imageId === undefined) throw connectionLost(undefined);
  return imageId;
}

async function options(input: BuildInput, config: Config, draft: string, id: string): Promise<object> {
  const labels = { ...input.labels, [INSTANCE_LABEL]: await instanceId(config) };
  return {
    version: '2',
    buildid: id,
    t: draft,
    dockerfile: 'Dockerfile',
    platform: config.SLIPWAY_PLATFORM,
    labels: JSON.stringify(labels),
    buildargs: JSON.stringify(proxies(config)),
    ...(input.noCache ? { nocache: true } : {}),
    ...(input.target === undefined ? {} : { target: input.target }),
  };
}

/** Arguments that every Dockerfile has without declaring them, and that are neither in history nor in cache keys. */
function proxies(config: Config): Record<string, string> {
  const given = Object.entries({
    HTTP_PROXY: config.HTTP_PROXY,
    HTTPS_PROXY: config.HTTPS_PROXY,
    NO_PROXY: config.NO_PROXY,
  }).filter(([, value]) => value !== '');
  return Object.fromEntries(
    given.flatMap(
      ([name, value]) =>
        [
          [name, value],
          [name.toLowerCase(), value],
        ] as const,
    ),
  );
}

/** Hides every password that a setting may carry into a build. */
export function maskOf(config: Config): (text: string) => string {
  const addresses = Object.entries(config)
    .filter(([name]) => /MIRROR|_PROXY$/.test(name))
    .flatMap(([, value]) => (Array.isArray(value) ? (value as string[]) : [String(value)]));
  return masker(secretsOf(addresses));
}

/**
 * Not `docker.buildImage`: that opens a gRPC session for passwords of registries, which stays open when a build is cut
 * short and would keep the process from ending. Images that a Dockerfile of ours starts from are always there.
 */
function start(docker: Docker, context: NodeJS.ReadableStream, query: object): Promise<NodeJS.ReadableStream> {
  const statusCodes = { 200: true, 500: 'server error' };
  const call = { path: '/build?', method: 'POST', file: context, options: query, isStream: true, statusCodes };
  return new Promise((resolve, reject) => {
    docker.modem.dial(call as never, (error, stream) =>
      error ? reject(connectionLost(error)) : resolve(stream as NodeJS.ReadableStream),
    );
  });
}

/** Asks the engine to stop the build, whose stream then ends by itself; one that does not end is cut. */
function stopOnAbort(docker: Docker, id: string, stream: NodeJS.ReadableStream, signal: AbortSignal): () => void {
  let grace: NodeJS.Timeout | undefined;
  const cut = () => (stream as unknown as { destroy(): void }).destroy();
  const stop = () => {
    grace = setTimeout(cut, STOP_GRACE);
    // docker-modem takes the last character from a path with a query of its own.
    const call = { path: `/build/cancel?id=${id}&`, method: 'POST', statusCodes: { 200: true, 204: true } };
    docker.modem.dial(call as never, (error) => error && cut());
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return () => {
    clearTimeout(grace);
    signal.removeEventListener('abort', stop);
  };
}

function timedOut(config: Config): SlipwayError {
  const minutes = Math.round(config.SLIPWAY_BUILD_TIME / 6000) / 10;
  return new SlipwayError('build_timeout', `The build took longer than ${minutes} minutes and was stopped.`, {
    hint: 'Install less, or prefer packages that come ready-built; the operator can raise SLIPWAY_BUILD_TIME.',
  });
}

function connectionLost(cause: unknown): SlipwayError {
  const why = cause instanceof Error ? `: ${cause.message.trim()}` : '';
  return new SlipwayError('engine_missing', `The Docker engine broke off the build${why}.`, {
    hint: 'Look at the log of the engine (journalctl -u docker); when it runs again, start the build again.',
    cause,
  });
}
