/** A Docker engine of a test's own, without any network or with one: what it keeps is nobody else's. Needs root, as setup has it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { loadConfig } from '../../src/config.ts';
import { connectEngine } from '../../src/engine.ts';
import { openWayOut, type WayOut } from './way-out.ts';

export interface OwnEngine {
  docker: Docker;
  /** For DOCKER_HOST. */
  host: string;
  /** Of dockerd, whose network others may join. */
  pid: number;
  close(): Promise<void>;
}

const START_TIME = 30_000;

/**
 * @param network whether its builds and containers reach what this machine reaches. Its network is always another than that of
 * the processes that use it, so their firewall is not its own: SLIPWAY_EGRESS has to be off for them
 */
export async function startEngine({ network = false } = {}): Promise<OwnEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-engine-'));
  const host = `unix://${folder}/docker.sock`;
  const folders = ['--data-root', `${folder}/data`, '--exec-root', `${folder}/exec`, '--pidfile', `${folder}/pid`];
  const noNetwork = ['--bridge=none', '--iptables=false', '--ip-forward=false', '--ip-masq=false'];
  const dockerd = ['dockerd', ...folders, ...(network ? [] : noNetwork), '-H', host];
  // In a network of its own: an engine that is to have no bridge removes docker0, whoever's it is. It waits for its way out.
  const command = ['--net', 'sh', '-c', 'read -r go && exec "$@"', 'sh', ...dockerd];
  const child = spawn('unshare', command, { stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  let wayOut: WayOut | undefined;
  const close = async () => {
    await end(child);
    await wayOut?.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    if (network) wayOut = await openWayOut(child.pid ?? 0);
    child.stdin.end('go\n');
    for (const limit = Date.now() + START_TIME; ; await sleep(100)) {
      const docker = await connectEngine(loadConfig({ DOCKER_HOST: host })).catch(() => undefined);
      if (docker) return { docker, host, pid: child.pid ?? 0, close };
      if (child.exitCode !== null || Date.now() > limit)
        throw new Error(`dockerd did not start:\n${said.slice(-2000)}`);
    }
  } catch (error) {
    await close();
    throw error;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
