/** A Docker engine: the one that runs, or one that is installed and started. */

import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasProgram, run } from './run.mjs';
import { EXIT, SetupError, say } from './say.mjs';
import { aptInstall, isRoot, system } from './system.mjs';

const SOCKET = '/var/run/docker.sock';
const PACKAGES = ['docker.io', 'iptables', 'ca-certificates', 'debootstrap', 'debian-archive-keyring', 'git'];
const LOG = '/var/log/slipway/dockerd.log';
const START_TIME = 60_000;

const ADVICE = {
  debian: 'sudo apt-get install docker.io iptables debootstrap && sudo usermod -aG docker "$USER", then log in again',
  fedora:
    'sudo dnf install moby-engine debootstrap && sudo systemctl enable --now docker && sudo usermod -aG docker "$USER", then log in again',
  macos:
    'install Docker Desktop (https://docs.docker.com/desktop/setup/install/mac-install/) and start it; or brew install colima docker && colima start, and set DOCKER_HOST to the socket that colima status names',
  other: 'install Docker Engine (https://docs.docker.com/engine/install/) and start it',
};

/** Headers of `/_ping`; undefined when nothing answers, `denied` when we may not ask. */
function ping(target) {
  return new Promise((resolve) => {
    const request = get({ ...target, path: '/_ping', timeout: 5000, agent: false }, (response) => {
      response.resume();
      resolve(response.headers);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', ({ code }) => resolve(code === 'EACCES' || code === 'EPERM' ? 'denied' : undefined));
  });
}

/** What DOCKER_HOST names; undefined for kinds that the command itself judges (TLS, ssh). */
function engineTarget() {
  const host = process.env.DOCKER_HOST;
  if (!host) return { socketPath: SOCKET };
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length) };
  if (!URL.canParse(host) || process.env.DOCKER_CERT_PATH) return undefined;
  const { protocol, hostname, port } = new URL(host);
  return protocol === 'tcp:' || protocol === 'http:' ? { host: hostname, port: port || 2375 } : undefined;
}

function refusePodman(headers) {
  const server = String(headers.server ?? '');
  if (!headers['libpod-api-version'] && !/libpod/i.test(server)) return;
  throw new SetupError(
    "Podman answers at the engine's address; Slipway needs a Docker engine.\n" +
      `What to do: ${ADVICE[system()]}; or point DOCKER_HOST at a Docker engine.`,
    EXIT.engineNotDocker,
  );
}

function missing(why, advice = ADVICE[system()]) {
  return new SetupError(`Slipway needs a Docker engine: ${why}.\nWhat to do: ${advice}.`, EXIT.engineMissing);
}

/** Makes sure that a Docker engine answers. One that does is used as it is. */
export async function requireEngine() {
  const target = engineTarget();
  if (!target) return;
  const answer = await ping(target);
  if (answer === 'denied') {
    throw missing('this user may not use it', 'sudo usermod -aG docker "$USER", then log in again');
  }
  if (answer) return refusePodman(answer);
  if (process.env.DOCKER_HOST) {
    throw missing('nothing answers at DOCKER_HOST', 'start that engine, or unset DOCKER_HOST');
  }
  await provide();
}

async function provide() {
  const isDebian = system() === 'debian';
  if (!isRoot() || process.platform !== 'linux') {
    const start = 'sudo systemctl enable --now docker';
    throw hasProgram('dockerd')
      ? missing(`nothing answers at ${SOCKET}`, start)
      : missing('there is none on this machine');
  }
  if (!hasProgram('dockerd') || !hasProgram('iptables')) {
    if (!isDebian) throw missing('there is none on this machine');
    await aptInstall(PACKAGES, 'There is no Docker engine here');
  }
  if (await answers(0)) return;
  await start();
  say('The Docker engine runs.');
}

async function start() {
  if (existsSync('/run/systemd/system')) {
    say('Starting the Docker engine (systemctl enable --now docker) …');
    const code = await run('systemctl', ['enable', '--now', 'docker']);
    if (code !== 0 || !(await answers(START_TIME))) {
      throw missing('it does not start', 'journalctl -u docker says why');
    }
    return;
  }
  await startAlone();
}

/** Without an init system the engine outlives us as a process of its own. */
async function startAlone() {
  say(
    `Starting the Docker engine (dockerd, log in ${LOG}). It keeps running; stop it with: kill $(cat /var/run/docker.pid)`,
  );
  mkdirSync('/var/log/slipway', { recursive: true });
  const log = openSync(LOG, 'a');
  const child = spawn('dockerd', [], { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  const ended = new Promise((resolve) => child.on('error', resolve).on('exit', resolve));
  child.unref();
  const outcome = await Promise.race([answers(START_TIME), ended.then(() => false)]);
  if (outcome) return;
  const last = readFileSync(LOG, 'utf8').trimEnd().split('\n').slice(-8).join('\n  ');
  throw missing(`dockerd does not start; the end of ${LOG}:\n  ${last}`, 'mend what the log says, then run this again');
}

/** Whether the engine answers within so many milliseconds. */
async function answers(limit) {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await ping({ socketPath: SOCKET });
    if (answer && answer !== 'denied') return true;
    if (Date.now() >= end) return false;
    await sleep(100);
  }
}
