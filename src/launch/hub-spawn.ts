/** How a hub is brought to start a server, and what it tells meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '../errors.ts';
import { type HubClient, messageOf } from './hub-client.ts';
import type { Run } from './launcher.ts';

/** A server that is there sooner needs no story. */
const QUIET = 1000;
/** Pause before the hub is asked again for a story that it did not tell, or that broke off. */
const AGAIN = 300;
const LONGEST_PAUSE = 5000;

export interface SpawnRun extends Run {
  /** Time (since 1970) by which the server has to be there. */
  until: number;
}

const progressOf = (name: string) => `users/${name}/server/progress`;

/**
 * Makes a user and starts its server. Both may be there already, from a process that is gone or an answer that was lost.
 * @throws session_failed, session_timeout, hub_spawner_unfit, and what HubClient.ask throws
 */
export async function spawn(hub: HubClient, name: string, options: object, run: SpawnRun): Promise<void> {
  const { signal, until } = run;
  await makeUser(hub, name, signal);
  const busy = (seconds: number) => {
    run.emit({ phase: 'launching', message: `The hub is busy and will be asked again in ${seconds} s\n` });
  };
  const ask = () => hub.ask('POST', `users/${name}/server`, { body: options, signal, isSlow: true, busy, until });
  const said = new Set<string>();
  const over = new AbortController();
  const relayed = relay(hub, name, { ...run, signal: AbortSignal.any([signal, over.signal]) }, said);
  relayed.catch(() => undefined);
  try {
    let { status, body } = await ask();
    if (status === 404) {
      // A culler takes users without a server for those of sessions that have ended.
      await makeUser(hub, name, signal);
      ({ status, body } = await ask());
    }
    if (status === 201 || /already running/.test(messageOf(body) ?? '')) return;
    over.abort();
    if (status === 202) return await follow(hub, name, run, said);
    if (status < 500) throw refused(body);
    // Only its story says why.
    for await (const event of hub.progress(progressOf(name), signal)) if (event.failed) throw failed(event.message);
    throw failed(messageOf(body) ?? '');
  } finally {
    over.abort();
  }
}

async function makeUser(hub: HubClient, name: string, signal: AbortSignal): Promise<void> {
  const { status, body } = await hub.ask('POST', `users/${name}`, { signal });
  if (status !== 201 && status !== 409) throw refused(body);
}

/** For hubs that answer only when the server is there: what they tell meanwhile, if that takes a while. */
async function relay(hub: HubClient, name: string, run: Run, said: Set<string>): Promise<void> {
  await sleep(QUIET, undefined, { signal: run.signal });
  return follow(hub, name, run, said);
}

/**
 * Relays what the hub tells of a server that starts, until it is ready.
 * @param said what was relayed already: a stream begins with what earlier ones have told
 * @throws session_failed, session_timeout
 */
export async function follow(
  hub: HubClient,
  name: string,
  { emit, signal }: Run,
  said: Set<string> = new Set(),
): Promise<void> {
  for (let pause = AGAIN; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    for await (const event of hub.progress(progressOf(name), signal)) {
      const { message } = event;
      if (event.ready) return;
      if (event.failed) throw failed(message);
      if (message !== '' && !said.has(message)) emit({ phase: 'launching', message: `${message}\n` });
      said.add(message);
      pause = AGAIN;
    }
    await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** What the hub, or its spawner, does not want at all. */
function refused(body: unknown): SlipwayError {
  const said = messageOf(body) ?? 'it does not say why';
  return new SlipwayError('hub_spawner_unfit', `The hub refuses the server: ${said}`, {
    hint: 'Its spawner has to allow the images of SLIPWAY_REGISTRY: see SLIPWAY_IMAGES in k8s/hub/slipway_hub.py.',
  });
}

function failed(said: string): SlipwayError {
  const code = /time(?:d )?-?out/i.test(said) ? 'session_timeout' : 'session_failed';
  return new SlipwayError(code, `The hub could not start the server: ${said}`, {
    hint: "The hub's own log says more.",
  });
}
