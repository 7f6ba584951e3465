/** A Docker engine of a test's own, without any network or with one: what it keeps is nobody else's. Needs root, as setup has it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { loadConfig } from '../../src/config.ts';
import { connectEngine } from '../../src/engine.ts';
import { mountSmallDisk } from './small-disk.ts';
import { openWayOut, type WayOut } from './way-out.ts';

export interface OwnEngine {
  docker: Docker;
  /** For DOCKER_HOST. */
  host: string;
  /** Of dockerd, whose network others may join; another after a restart. */
  pid: number;
  /** Folder of what it keeps. */
  data: string;
  /** Ends it as `systemctl restart docker` does, and starts it again after so many milliseconds, in a new network. */
  restart(away: number): Promise<void>;
  close(): Promise<void>;
}

const START_TIME = 30_000;

/** One run of dockerd. */
interface Daemon {
  docker: Docker;
  pid: number;
  end(): Promise<void>;
}

/**
 * @param network whether its builds and containers reach what this machine reaches. Its network is always another than that of
 * the processes that use it, so their firewall is not its own: SLIPWAY_EGRESS has to be off for them
 * @param disk size of a disk of its own, as `mount` takes it; else it shares this machine's
 */
export async function startEngine({ network = false, disk = '' } = {}): Promise<OwnEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-engine-'));
  const data = join(folder, 'data');
  await mkdir(data);
  const unmount = disk === '' ? undefined : mountSmallDisk(data, disk);
  let daemon: Daemon | undefined;
  const close = async () => {
    await daemon?.end();
    unmount?.();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    daemon = await startDaemon(folder, network);
  } catch (error) {
    await close();
    throw error;
  }
  const engine: OwnEngine = {
    docker: daemon.docker,
    host: hostOf(folder),
    pid: daemon.pid,
    data,
    async restart(away) {
      await daemon?.end();
      daemon = undefined;
      await sleep(away);
      daemon = await startDaemon(folder, network);
      engine.pid = daemon.pid;
    },
    close,
  };
  return engine;
}

const hostOf = (folder: string) => `unix://${folder}/docker.sock`;

async function startDaemon(folder: string, network: boolean): Promise<Daemon> {
  const host = hostOf(folder);
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
  };
  try {
    if (network) wayOut = await openWayOut(child.pid ?? 0);
    child.stdin.end('go\n');
    for (const limit = Date.now() + START_TIME; ; await sleep(100)) {
      const docker = await connectEngine(loadConfig({ DOCKER_HOST: host })).catch(() => undefined);
      if (docker) return { docker, pid: child.pid ?? 0, end: close };
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
