/** A `redis-server` of our own: in the data folder, on a unix socket, for as long as a process of ours uses it. */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ambientVariables, type Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { withLock } from '../lock.ts';

/** Reading a large append-only file takes a while. */
const START_TIME = 60_000;
const ANSWER_TIME = 5000;
/** Longer paths do not fit into a socket's address. */
const PATH_LIMIT = 100;

const ARGUMENTS = [
  ...['--port', '0', '--unixsocket', 'redis.sock', '--unixsocketperm', '700'],
  ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''],
  ...['--maxmemory-policy', 'noeviction', '--logfile', 'redis.log', '--daemonize', 'no'],
];

export interface OwnServer {
  /** Path of its socket. */
  path: string;
  /** Runs `work` while no other process starts or stops this server. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  runs(): Promise<boolean>;
  /** Starts it unless it runs; to be called exclusively. */
  start(): Promise<void>;
  /** Ends it, with everything written; to be called exclusively. */
  stop(): Promise<void>;
}

export async function ownServer({ SLIPWAY_DATA }: Pick<Config, 'SLIPWAY_DATA'>): Promise<OwnServer> {
  const folder = resolve(SLIPWAY_DATA, 'redis');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const path = socketPath(folder);
  return {
    path,
    exclusively: (work) => withLock(`redis ${folder}`, new AbortController().signal, () => undefined, work),
    runs: () => answers(path),
    async start() {
      if (!(await answers(path))) await start(folder, path);
    },
    stop: () => stop(path),
  };
}

function socketPath(folder: string): string {
  const path = join(folder, 'redis.sock');
  if (Buffer.byteLength(path) <= PATH_LIMIT) return path;
  return `/proc/self/fd/${openSync(folder, 'r')}/redis.sock`;
}

/** Whether a server has this socket; waits for one that is still reading its file. */
async function answers(path: string): Promise<boolean> {
  const end = Date.now() + START_TIME;
  for (;;) {
    const answer = await ping(path);
    if (answer === undefined) return false;
    if (answer.startsWith('+PONG')) return true;
    if (Date.now() > end) throw unreachable(`the server at ${path} does not answer: ${answer.trim() || 'silence'}`);
    await sleep(50);
  }
}

/** What a server says first, '' when it says nothing in time, undefined when there is none. */
function ping(path: string): Promise<string | undefined> {
  return new Promise((settle) => {
    const socket = connect(path, () => socket.write('PING\r\n'));
    const done = (answer: string | undefined) => {
      socket.destroy();
      settle(answer);
    };
    socket.setTimeout(ANSWER_TIME, () => done(''));
    socket.on('data', (data) => done(String(data))).on('error', () => done(undefined));
  });
}

/** The connection ends with the server, which by then has removed its socket. */
function stop(path: string): Promise<void> {
  return new Promise((settle) => {
    const socket = connect(path, () => socket.write('SHUTDOWN\r\n'));
    socket.on('close', () => settle()).on('error', () => undefined);
    socket.resume();
  });
}

async function start(folder: string, path: string): Promise<void> {
  // Its own process group: a Ctrl-C meant for us must not end it while others use it, and it survives our crash.
  const child = spawn('redis-server', ARGUMENTS, {
    cwd: folder,
    env: ambientVariables(),
    detached: true,
    stdio: 'ignore',
  });
  child.unref();
  let ended: string | undefined;
  child.on('error', ({ code }: NodeJS.ErrnoException) => {
    ended = code === 'ENOENT' ? 'redis-server is not installed' : `redis-server cannot be run: ${code}`;
  });
  child.on('exit', (code, signal) => {
    ended = `redis-server ended with ${signal ?? `exit code ${code}`}`;
  });
  const end = Date.now() + START_TIME;
  while (ended === undefined && Date.now() < end) {
    if (await answers(path)) return;
    await sleep(10);
  }
  const log = join(folder, 'redis.log');
  const last = (await readFile(log, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-3).join('\n  ');
  const more = ended?.includes('exit') ? `; the end of ${log}:\n  ${last}` : '';
  throw unreachable(`${ended ?? 'redis-server did not answer in time'}${more}`);
}

function unreachable(reason: string): SlipwayError {
  return new SlipwayError('redis_unreachable', `Slipway's own Redis does not run: ${reason}`, {
    hint: 'Install Redis 6.2 or newer (apt-get install redis-server), or set REDIS_URL to one that runs.',
  });
}
