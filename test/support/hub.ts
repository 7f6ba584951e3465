/** A real JupyterHub with DockerSpawner and configurable-http-proxy, in a container and on a network of its own. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Docker from 'dockerode';
import { pack } from 'tar-stream';
import { hubImage } from './hub-image.ts';
import { freePort } from './redis.ts';

const OURS = fileURLToPath(new URL('../../k8s/hub/slipway_hub.py', import.meta.url));
const START_TIME = 60_000;

/** What an operator of any hub writes: where it listens, and that its servers are containers. */
const COMMON = `
import os
network = os.environ["TEST_NETWORK"]
c.JupyterHub.bind_url = "http://:8000"
c.JupyterHub.hub_ip = "0.0.0.0"
c.JupyterHub.hub_connect_ip = network
c.JupyterHub.spawner_class = "docker"
# Gone with the container's processes, whose numbers come again.
c.ConfigurableHTTPProxy.pid_file = "/dev/shm/proxy.pid"
c.DockerSpawner.network_name = network
c.DockerSpawner.use_internal_ip = True
c.DockerSpawner.prefix = network
c.DockerSpawner.remove = True
c.DockerSpawner.pull_policy = "never"
`;

/** Put behind a test's own lines: the file that Slipway ships. */
export const WITH_OURS = 'exec(open("slipway_hub.py").read())\n';

export interface TestHub {
  /** Its proxy, as browsers reach it; no slash at the end. */
  url: string;
  /** Slipway's settings for it. */
  settings: Record<string, string>;
  /** Names of the containers that are its servers. */
  servers(): Promise<string[]>;
  /** Names of its users, as its own API tells. */
  users(): Promise<string[]>;
  log(): Promise<string>;
  /** Ends hub and proxy at once; servers go on. */
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param config lines of jupyterhub_config.py behind what every hub has
 * @param env of the hub
 */
export async function startHub(config: string = WITH_OURS, env: Record<string, string> = {}): Promise<TestHub> {
  const docker = new Docker();
  const image = await hubImage(docker);
  const network = `slipway-test-hub-${randomBytes(4).toString('hex')}`;
  const token = randomBytes(32).toString('hex');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await docker.createNetwork({ Name: network, Driver: 'bridge' });
  const variables = { TEST_NETWORK: network, SLIPWAY_HUB_TOKEN: token, ...env };
  const container = await docker.createContainer({
    name: network,
    Image: image,
    Cmd: ['jupyterhub', '-f', 'jupyterhub_config.py'],
    WorkingDir: '/srv/conf',
    Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ExposedPorts: { '8000/tcp': {} },
    HostConfig: {
      NetworkMode: network,
      Binds: ['/var/run/docker.sock:/var/run/docker.sock'],
      PortBindings: { '8000/tcp': [{ HostIp: '127.0.0.1', HostPort: `${port}` }] },
    },
  });
  const files = pack();
  files.entry({ name: 'srv/conf/jupyterhub_config.py' }, COMMON + config);
  files.entry({ name: 'srv/conf/slipway_hub.py' }, readFileSync(OURS));
  files.finalize();
  await container.putArchive(files as unknown as NodeJS.ReadableStream, { path: '/' });

  const log = async () => (await container.logs({ stdout: true, stderr: true, tail: 200 })).toString();
  const servers = async () => {
    const all = await docker.listContainers({ all: true, filters: { network: [network] } });
    return all.flatMap(({ Names: [name = ''] }) => (name === `/${network}` ? [] : [name.slice(1)]));
  };
  const hub: TestHub = {
    url,
    settings: { SLIPWAY_LAUNCHER: 'jupyterhub', SLIPWAY_HUB_URL: url, SLIPWAY_HUB_TOKEN: token },
    servers,
    async users() {
      const answer = await fetch(`${url}/hub/api/users`, { headers: { authorization: `token ${token}` } });
      return ((await answer.json()) as { name: string }[]).map(({ name }) => name);
    },
    log,
    kill: () => container.kill(),
    async start() {
      await container.start();
      await answers(`${url}/hub/api/`, log);
    },
    async close() {
      await container.remove({ force: true, v: true });
      for (const name of await servers()) await docker.getContainer(name).remove({ force: true, v: true });
      await docker.getNetwork(network).remove();
    },
  };
  await hub.start().catch(async (error) => {
    await hub.close();
    throw error;
  });
  return hub;
}

async function answers(url: string, log: () => Promise<string>): Promise<void> {
  const end = Date.now() + START_TIME;
  while (Date.now() < end) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1000) }).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The hub does not answer:\n${await log()}`);
}
