/** The one place that connects to the Docker engine. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { trusted } from './certificates.ts';
import type { Config } from './config.ts';
import { SlipwayError } from './errors.ts';

type EngineConfig = Pick<Config, 'DOCKER_HOST' | 'DOCKER_CERT_PATH' | 'SLIPWAY_CA_BUNDLE' | 'SSL_CERT_FILE'>;

export const DEFAULT_SOCKET = '/var/run/docker.sock';

/**
 * A connection that has been answered by a Docker engine.
 * Throws `engine_missing` (nothing answers, or we may not ask) and `engine_not_docker` (something else answers).
 */
export async function connectEngine(config: EngineConfig): Promise<Docker> {
  const options = connectionOptions(config);
  const { default: DockerClient } = await import('dockerode');
  const docker = new DockerClient(options);
  const address = config.DOCKER_HOST || `unix://${DEFAULT_SOCKET}`;
  const headers = await ping(docker).catch((error) => {
    throw notReached(address, error);
  });
  refuseOthers(headers, address);
  tellLoss(docker, address);
  return docker;
}

/** An engine that goes away later is told of like one that never answered, wherever it is asked for something. */
function tellLoss({ modem }: Docker, address: string): void {
  const dial = modem.dial.bind(modem);
  modem.dial = (options, callback) =>
    dial(options, (error, answer) => callback?.(isLoss(error) ? notReached(address, error) : error, answer));
}

function isLoss(error: unknown): boolean {
  const { code, statusCode } = (error ?? {}) as { code?: string; statusCode?: number };
  return statusCode === undefined && ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code ?? '');
}

/** A connection that is made once; an engine that did not answer is asked again next time. */
export function engineOf(config: EngineConfig): () => Promise<Docker> {
  let connected: Promise<Docker> | undefined;
  return () => {
    connected ??= connectEngine(config).catch((error: unknown) => {
      connected = undefined;
      throw error;
    });
    return connected;
  };
}

/** The local socket of an engine whose files and firewall are this machine's; undefined for one over the network. */
export function localSocket(config: Pick<Config, 'DOCKER_HOST'>): string | undefined {
  if (config.DOCKER_HOST === '') return DEFAULT_SOCKET;
  return config.DOCKER_HOST.startsWith('unix://') ? config.DOCKER_HOST.slice('unix://'.length) : undefined;
}

function connectionOptions(config: EngineConfig): Docker.DockerOptions {
  const socketPath = localSocket(config);
  // Everything is given, also as undefined: docker-modem would fill gaps from the environment.
  if (socketPath) return { socketPath, host: undefined, port: undefined } as unknown as Docker.DockerOptions;
  const url = URL.canParse(config.DOCKER_HOST) ? new URL(config.DOCKER_HOST) : undefined;
  if (!url || !['tcp:', 'http:', 'https:'].includes(url.protocol) || !url.hostname) {
    const why = url?.protocol === 'ssh:' ? 'Slipway does not speak ssh to an engine' : 'it is no address of an engine';
    throw new SlipwayError('engine_missing', `DOCKER_HOST is "${withoutUser(config.DOCKER_HOST)}": ${why}.`, {
      hint: 'Use unix:///path/to/docker.sock, tcp://host:2376 with DOCKER_CERT_PATH, or an ssh tunnel to a local socket.',
    });
  }
  const tls = tlsOptions(url, config);
  const protocol = url.protocol === 'https:' || 'cert' in tls ? 'https' : 'http';
  const port = Number(url.port) || (protocol === 'https' ? 2376 : 2375);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { socketPath: undefined, host, port, protocol, ...tls } as unknown as Docker.DockerOptions;
}

function withoutUser(address: string): string {
  return address.replace(/\/\/[^/@]*@/, '//');
}

function tlsOptions(url: URL, config: EngineConfig): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  if (config.DOCKER_CERT_PATH) return certificates(config.DOCKER_CERT_PATH);
  return url.protocol === 'https:' ? trusted(config) : {};
}

function certificates(folder: string): { ca: Buffer; cert: Buffer; key: Buffer } {
  try {
    const read = (name: string) => readFileSync(join(folder, name));
    return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
  } catch (error) {
    throw new SlipwayError('engine_missing', `DOCKER_CERT_PATH: ${(error as Error).message}`, {
      hint: 'The folder has to hold ca.pem, cert.pem and key.pem, as docker itself expects.',
      cause: error,
    });
  }
}

/** `/_ping` and its headers: `/version` would start three programs in the engine and take 30 ms. */
function ping(docker: Docker): Promise<Record<string, string | string[] | undefined>> {
  return new Promise((resolve, reject) => {
    const statusCodes = { 200: true, 500: 'server error' };
    const answered = (error: unknown, response: unknown) => {
      if (error) return reject(error);
      const answer = response as NodeJS.ReadableStream & { headers: Record<string, string> };
      answer.resume();
      resolve(answer.headers);
    };
    docker.modem.dial({ path: '/_ping', method: 'GET', isStream: true, statusCodes } as never, answered);
  });
}

function refuseOthers(headers: Record<string, string | string[] | undefined>, address: string): void {
  const server = String(headers.server ?? '');
  if (/^Docker\//i.test(server) && !headers['libpod-api-version']) return;
  const name = headers['libpod-api-version'] || /libpod/i.test(server) ? 'Podman' : server || 'a server without a name';
  throw new SlipwayError(
    'engine_not_docker',
    `${withoutUser(address)} is answered by ${name}, not by a Docker engine.`,
    {
      hint: "Slipway needs Docker's BuildKit and image store: install Docker Engine, or point DOCKER_HOST at one.",
    },
  );
}

function notReached(address: string, cause: unknown): SlipwayError {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const where = withoutUser(address);
  if (code === 'EACCES' || code === 'EPERM') {
    return new SlipwayError('engine_missing', `This user may not use the Docker engine at ${where}.`, {
      hint: 'Add yourself to the group docker (sudo usermod -aG docker "$USER"), then log in again.',
      cause,
    });
  }
  const why = { ENOENT: 'there is no such socket', ECONNREFUSED: 'nothing answers there' }[code];
  const reason = why ?? (cause as Error).message.trim();
  return new SlipwayError('engine_missing', `No Docker engine at ${where}: ${reason}.`, {
    hint: 'npm run setup installs and starts one (or: sudo systemctl start docker); DOCKER_HOST names another.',
    cause,
  });
}
