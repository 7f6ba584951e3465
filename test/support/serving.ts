/** `slipway serve` as an operator runs it, and a client of its event streams. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { type Running, startSlipway } from './slipway.ts';
import type { World } from './world.ts';

export interface Serving {
  /** Without a slash at its end. */
  url: string;
  running: Running;
  /** Ends it as an operator would; its exit code and all that it wrote. */
  stop(): Promise<{ exitCode: number | null; output: string }>;
}

/** One event of a stream as it came over the wire. */
export interface Sent {
  id?: string;
  event?: string;
  retry?: number;
  data: { phase?: string; message?: string; status_code?: number; code?: string; [more: string]: unknown };
}

/** Two ports in a row that nobody has at the moment: the service's and its sessions'. */
async function freePorts(): Promise<number> {
  for (;;) {
    const first = createServer().listen(0, '127.0.0.1');
    await once(first, 'listening');
    const { port } = first.address() as { port: number };
    const second = createServer().listen(port + 1, '127.0.0.1');
    const isFree = await Promise.race([
      once(second, 'listening').then(() => true),
      once(second, 'error').then(() => false),
    ]);
    await Promise.all([ended(first), isFree && ended(second)]);
    if (isFree) return port;
  }
}

async function ended(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

/** Starts the service in a world and waits until it answers. */
export async function startServing(
  world: Pick<World, 'settings'>,
  settings: Record<string, string> = {},
  args: string[] = [],
): Promise<Serving> {
  const port = Number(settings.SLIPWAY_PORT ?? (await freePorts()));
  const running = startSlipway(['serve', ...args], {
    settings: { ...world.settings, SLIPWAY_PORT: String(port), ...settings },
  });
  const url = `http://127.0.0.1:${port}`;
  await answers(url, running);
  return {
    url,
    running,
    async stop() {
      running.child.kill('SIGTERM');
      const { exitCode, stdout, stderr } = await running.done;
      return { exitCode, output: stdout + stderr };
    },
  };
}

async function answers(url: string, running: Running): Promise<void> {
  let over: string | undefined;
  running.done.then(({ stdout, stderr }) => {
    over = stdout + stderr;
  });
  for (;;) {
    if (over !== undefined) throw new Error(`slipway serve ended:\n${over}`);
    const isUp = await fetch(`${url}/versions`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function read(block: string): Sent | undefined {
  const fields: Record<string, string> = {};
  for (const line of block.split('\n')) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) fields[name] = value;
  }
  const { id, event, retry, data } = fields;
  if (data === undefined) return undefined;
  return {
    ...(id !== undefined && { id }),
    ...(event !== undefined && { event }),
    ...(retry !== undefined && { retry: Number(retry) }),
    data: JSON.parse(data) as Sent['data'],
  };
}

export interface Listening {
  response: Response;
  /** Every event until the stream ends, or until `enough` says yes; the connection is then left. */
  events(enough?: (event: Sent) => boolean): Promise<Sent[]>;
}

/** Opens an event stream. */
export async function listen(url: string, headers: Record<string, string> = {}): Promise<Listening> {
  const gone = new AbortController();
  const response = await fetch(url, { headers, signal: gone.signal });
  return {
    response,
    async events(enough = () => false) {
      const told: Sent[] = [];
      const decoder = new TextDecoder();
      let rest = '';
      for await (const chunk of response.body ?? []) {
        rest += decoder.decode(chunk, { stream: true });
        const blocks = rest.split('\n\n');
        rest = blocks.pop() ?? '';
        for (const event of blocks.map(read)) {
          if (!event) continue;
          told.push(event);
          if (!enough(event)) continue;
          gone.abort();
          return told;
        }
      }
      return told;
    },
  };
}

/** Events that BinderHub's clients see, each phase once in a row. */
export function phasesOf(told: readonly Sent[]): string[] {
  const seen = told.flatMap(({ event, data }) => (event === undefined && data.phase !== undefined ? [data.phase] : []));
  return seen.filter((phase, index) => phase !== seen[index - 1]);
}
