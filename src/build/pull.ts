/** Pulls an image, and gives up on a registry that does not answer. */
import type Docker from 'dockerode';
import type { Config } from '../config.ts';
import type { Emit } from '../types.ts';
import { throwIfCancelled } from './cancel.ts';

/** A registry that has said nothing for so long counts as out of reach. */
const SILENCE = 20_000;

interface PullDeps {
  docker: Docker;
  config: Pick<Config, 'SLIPWAY_PLATFORM'>;
  emit: Emit;
  signal: AbortSignal;
}

/** @returns why it could not be pulled, undefined when it is there now. Throws only when `signal` is aborted. */
export async function pullImage(image: string, deps: PullDeps): Promise<string | undefined> {
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(), SILENCE);
  try {
    const abortSignal = AbortSignal.any([deps.signal, silent.signal]);
    const stream = await deps.docker.pull(image, { platform: deps.config.SLIPWAY_PLATFORM, abortSignal });
    return await follow(stream, () => timer.refresh());
  } catch (error) {
    throwIfCancelled(deps.signal);
    if (silent.signal.aborted) return 'the registry does not answer';
    return oneLine((error as { json?: { message?: string } }).json?.message ?? (error as Error).message);
  } finally {
    clearTimeout(timer);
  }
}

async function follow(stream: NodeJS.ReadableStream, progress: () => void): Promise<string | undefined> {
  let rest = '';
  for await (const chunk of stream) {
    progress();
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const fault = line.trim() === '' ? undefined : (JSON.parse(line) as { error?: string }).error;
      if (fault) return oneLine(fault);
    }
  }
  return undefined;
}

function oneLine(text: string): string {
  return text
    .replace(/^\(HTTP code \d+\) [a-z ]+ - /, '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300);
}
