/** A Docker engine of a test's own, without any network: what it keeps is nobody else's. Needs root, as setup has it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { loadConfig } from '../../src/config.ts';
import { connectEngine } from '../../src/engine.ts';

export interface OwnEngine {
  docker: Docker;
  /** For DOCKER_HOST. */
  host: string;
  /** Of dockerd, whose network others may join. */
  pid: number;
  close(): Promise<void>;
}

const START_TIME = 30_000;

export async function startEngine(): Promise<OwnEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-engine-'));
  const host = `unix://${folder}/docker.sock`;
  const folders = ['--data-root', `${folder}/data`, '--exec-root', `${folder}/exec`, '--pidfile', `${folder}/pid`];
  const noNetwork = ['--bridge=none', '--iptables=false', '--ip-forward=false', '--ip-masq=false'];
  // In a network of its own: an engine that is to have no bridge removes docker0, whoever's it is.
  const command = ['--net', 'dockerd', ...folders, ...noNetwork, '-H', host];
  const child = spawn('unshare', command, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const close = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  const limit = Date.now() + START_TIME;
  for (;;) {
    const docker = await connectEngine(loadConfig({ DOCKER_HOST: host })).catch(() => undefined);
    if (docker) return { docker, host, pid: child.pid ?? 0, close };
    if (child.exitCode !== null || Date.now() > limit) {
      await close();
      throw new Error(`dockerd did not start:\n${said.slice(-2000)}`);
    }
    await sleep(100);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
