/**
 * Limits of memory, processors and processes that builds share. BuildKit ignores those of a build's own options; what
 * holds is a limit on the cgroup that all its steps run in, which only root on the engine's machine can set.
 */
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Config } from './config.ts';
import { localSocket } from './engine.ts';

/** BuildKit's steps run in `docker/buildkit/<id>` where the engine manages cgroups itself. */
const GROUP = 'docker/buildkit';

type LimitConfig = Pick<Config, 'DOCKER_HOST' | 'SLIPWAY_BUILD_MEMORY' | 'SLIPWAY_BUILD_CPU' | 'SLIPWAY_BUILD_PIDS'>;

/** What is in force, for `doctor`; `reason` says why something is not. */
export interface LimitState {
  memory: boolean;
  cpu: boolean;
  pids: boolean;
  reason?: string;
}

interface Wanted {
  memory: number;
  /** Microseconds of processor time in each 100 ms. */
  quota: number;
  pids: number;
}

/**
 * Sets the limits and says which hold. Never fails: a build without limits is possible, and said.
 * @param driver the engine's cgroup driver, as `docker info` names it
 */
export async function ensureLimits(config: LimitConfig, driver: string | undefined): Promise<LimitState> {
  const none = { memory: false, cpu: false, pids: false };
  if (!localSocket(config)) return { ...none, reason: 'the engine is on another machine' };
  if (process.getuid?.() !== 0) return { ...none, reason: 'setting limits needs root' };
  if (driver === 'systemd') {
    const fix = 'set "exec-opts": ["native.cgroupdriver=cgroupfs"] in /etc/docker/daemon.json';
    return { ...none, reason: `with the systemd cgroup driver builds have no common group to limit; ${fix}` };
  }
  const cpus = Number(config.SLIPWAY_BUILD_CPU) || 0;
  const quota = cpus > 0 && cpus < availableParallelism() ? Math.round(cpus * 100_000) : 0;
  const wanted = { memory: config.SLIPWAY_BUILD_MEMORY, quota, pids: config.SLIPWAY_BUILD_PIDS };
  const unified = await exists('/sys/fs/cgroup/cgroup.controllers');
  return unified ? limitUnified(wanted) : limitLegacy(wanted);
}

async function limitLegacy(wanted: Wanted): Promise<LimitState> {
  const group = (controller: string) => join('/sys/fs/cgroup', controller, GROUP);
  const faults: string[] = [];
  const put = async (controller: string, file: string, value: number) => {
    const fault = await write(group(controller), file, String(value));
    if (fault) faults.push(fault);
    return fault === undefined;
  };
  const [memory, cpu, pids] = await Promise.all([
    limitMemory(group('memory'), wanted.memory, faults),
    put('cpu', 'cpu.cfs_quota_us', wanted.quota || -1),
    put('pids', 'pids.max', wanted.pids),
  ]);
  return { memory, cpu, pids, ...(faults.length > 0 ? { reason: faults.join('; ') } : {}) };
}

/** Memory may never be more than memory and swap together, so which goes first depends on where they were. */
async function limitMemory(group: string, bytes: number, faults: string[]): Promise<boolean> {
  const [limit, both] = ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'];
  const countsSwap = await exists(join(group, both));
  if (countsSwap) await write(group, both, '-1');
  const fault = await write(group, limit, String(bytes));
  if (countsSwap) await write(group, both, String(bytes));
  if (fault) faults.push(fault);
  return fault === undefined;
}

async function limitUnified(wanted: Wanted): Promise<LimitState> {
  const root = '/sys/fs/cgroup';
  const group = join(root, GROUP);
  const controllers = '+memory +cpu +pids';
  // Controllers are handed down level by level; an engine has normally done so already.
  await write(root, 'cgroup.subtree_control', controllers);
  await write(join(root, 'docker'), 'cgroup.subtree_control', controllers);
  const faults: string[] = [];
  const put = async (file: string, value: string) => {
    const fault = await write(group, file, value);
    if (fault) faults.push(fault);
    return fault === undefined;
  };
  const [memory, cpu, pids] = await Promise.all([
    put('memory.max', String(wanted.memory)),
    put('cpu.max', wanted.quota > 0 ? `${wanted.quota} 100000` : 'max 100000'),
    put('pids.max', String(wanted.pids)),
  ]);
  if (await exists(join(group, 'memory.swap.max'))) await write(group, 'memory.swap.max', '0');
  return { memory, cpu, pids, ...(faults.length > 0 ? { reason: faults.join('; ') } : {}) };
}

/** Writes a cgroup's file where its value differs; the fault as a sentence, undefined when it is as wanted. */
async function write(group: string, file: string, value: string): Promise<string | undefined> {
  const path = join(group, file);
  try {
    await mkdir(group, { recursive: true });
    if ((await readFile(path, 'utf8')).trim() === value) return undefined;
    await writeFile(path, value);
    return undefined;
  } catch (error) {
    return `${path}: ${(error as Error).message}`;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
