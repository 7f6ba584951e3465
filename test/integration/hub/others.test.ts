/** Hubs that were set up for something else: for BinderHub, which has to work as it is, and for nothing of the kind. */
import Docker from 'dockerode';
import { afterEach, describe, expect, it } from 'vitest';
import { DAY } from '../../support/builds.ts';
import { WITH_OURS } from '../../support/hub.ts';
import { hubImage } from '../../support/hub-image.ts';
import { type HubWorld, openHubWorld } from '../../support/hub-world.ts';
import { callServer, type SessionAddress } from '../../support/kernel.ts';
import { launched, openService, until } from '../../support/service.ts';

/** A service for the token, as BinderHub's chart has it. */
const SERVICE = `
c.JupyterHub.authenticator_class = "null"
c.JupyterHub.services = [{"name": "binder", "api_token": os.environ["SLIPWAY_HUB_TOKEN"]}]
c.JupyterHub.load_roles = [{"name": "binder", "services": ["binder"], "scopes": ["servers", "admin:users"]}]
`;

/**
 * What the chart's spawner and its default command do, word for word in their effect: the arguments of both names of the
 * server, the token among them; Python asked whether it has JupyterLab, which then gets Python's own arguments.
 */
const binder = (mount: string) => `${SERVICE}
from dockerspawner import DockerSpawner

class BinderLike(DockerSpawner):
    def get_args(self):
        named = {"base_url": self.server.base_url, "token": self.user_options["token"], "trust_xheaders": "True"}
        if self.default_url:
            named["default_url"] = self.default_url
        args = ["--ip=0.0.0.0", "--port=%i" % self.port] + ["--NotebookApp.%s=%s" % one for one in named.items()]
        return args + self.args + ["--ServerApp.%s=%s" % one for one in named.items()]

    def start(self):
        self.image = self.user_options["image"]
        return super().start()

    def get_env(self):
        return {**super().get_env(), "BINDER_REPO_URL": self.user_options["repo_url"]}

c.JupyterHub.spawner_class = BinderLike
# Zero to JupyterHub answers at once and tells the rest as progress.
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}
c.DockerSpawner.allowed_images = "*"
c.DockerSpawner.extra_host_config = {"tmpfs": {"${mount}": "ro"}}
c.Spawner.cmd = ["python3", "-c", """
import os
import sys

try:
    import jupyterlab
    import jupyterlab.labapp
    has_lab = int(jupyterlab.__version__.split(".")[0]) >= 3
except Exception:
    has_lab = False
os.execvp("jupyter-lab" if has_lab else "jupyter-notebook", sys.argv)
"""]
`;

/** A spawner that takes the token, and always the same image. */
const fixed = (image: string, command: string[]) => `${SERVICE}
from dockerspawner import DockerSpawner

class Fixed(DockerSpawner):
    async def check_allowed(self, image):
        return self.image

    def get_args(self):
        return ["--ServerApp.base_url=" + self.server.base_url]

    def get_env(self):
        return {**super().get_env(), "JUPYTER_TOKEN": self.user_options["token"]}

c.JupyterHub.spawner_class = Fixed
c.DockerSpawner.image = "${image}"
c.Spawner.cmd = ${JSON.stringify(command)}
`;

/** What a server tells of its image to whoever has its token. */
const markOf = (session: SessionAddress) => callServer(session, 'api/config/slipway');

const LAUNCH = ['launch', '--json', '--detach', '--no-open'];
let under: HubWorld | undefined;

afterEach(async () => {
  await under?.close();
  under = undefined;
});

describe('a hub for BinderHub', () => {
  it('works unchanged and gets JupyterLab, with its own command and something mounted over /etc/jupyter', async () => {
    under = await openHubWorld(binder('/etc/jupyter'));
    const { world, hub, repo } = under;
    const { session, run } = await world.launch([repo.url]);
    expect(run.events).toContainEqual({ phase: 'launching', message: 'Spawning server...\n' });
    const page = await fetch(`${session.url}?token=${session.token}`);
    expect(new URL(page.url).pathname).toBe(`/user/${session.session}/lab`);
    expect(await page.text()).toContain('jupyter-config-data');
    const [name = ''] = await hub.servers();
    const container = world.docker.getContainer(name);
    const top = (await container.top()) as { Processes: string[][] };
    expect(top.Processes.flat().join('\n')).toMatch(/\/srv\/jupyter\/bin\/jupyter-lab --ip=0\.0\.0\.0/);
    expect((await container.inspect()).HostConfig.Tmpfs).toHaveProperty('/etc/jupyter');
    await world.stopAll();
    expect([await hub.users(), await hub.servers()]).toEqual([[], []]);
  });

  it('may hide what our images say of themselves', async () => {
    under = await openHubWorld(binder('/usr/local/etc/jupyter'));
    const { session } = await under.world.launch([under.repo.url]);
    expect(await markOf(session)).toEqual({});
    await under.world.stopAll();
  });
});

describe('a hub with our culler', () => {
  it('ends what nobody uses, and the service hears of it', async () => {
    under = await openHubWorld(WITH_OURS, { SLIPWAY_IDLE: '4,600' });
    const { world, hub, repo } = under;
    const { service, close } = await openService(world, { SLIPWAY_SESSION_IDLE: '4s' });
    try {
      const { told } = await launched(service, { repo: repo.url });
      expect(told.at(-1)).toMatchObject({ phase: 'ready' });
      expect(await service.sessions.count()).toBe(1);
      await until(async () => ((await service.sessions.count()) === 0 ? true : undefined));
      await expect.poll(() => Promise.all([hub.users(), hub.servers()]), { timeout: 30_000 }).toEqual([[], []]);
    } finally {
      await close();
    }
  });
});

describe('a hub whose spawner', () => {
  it('ignores the options is found out', async () => {
    const deaf = (image: string) => `${SERVICE}
from dockerspawner import DockerSpawner

class Deaf(DockerSpawner):
    def start(self):
        self.user_options = {}
        return super().start()

c.JupyterHub.spawner_class = Deaf
c.DockerSpawner.image = "${image}"
c.DockerSpawner.cmd = ["jupyterhub-singleuser"]
`;
    under = await openHubWorld(deaf);
    const { world, hub, repo } = under;
    const failure = await world.fail([...LAUNCH, repo.url]);
    expect(failure).toMatchObject({ code: 'hub_spawner_unfit', hint: expect.stringContaining('slipway_hub.py') });
    expect(failure.run.exitCode).toBe(88);
    expect([await hub.users(), await hub.servers()]).toEqual([[], []]);
  });

  it('takes the token, and runs an image of its own, is found out: one that is none of ours', async () => {
    const image = await hubImage(new Docker());
    under = await openHubWorld(fixed(image, ['/srv/other/bin/jupyter-server', '--ip=0.0.0.0', '--allow-root']));
    const { world, hub, repo } = under;
    const failure = await world.fail([...LAUNCH, repo.url]);
    expect(failure).toMatchObject({
      code: 'hub_image_ignored',
      message: expect.stringContaining(`not of the image ${repo.image}: it has no kernel of`),
      hint: expect.stringContaining('slipway_hub.py'),
    });
    expect(failure.run.exitCode).toBe(88);
    expect([await hub.users(), await hub.servers()]).toEqual([[], []]);
  });

  it('takes the token, and runs an image of its own, is found out: another one of ours', async () => {
    let first = '';
    under = await openHubWorld((image) => {
      first = image;
      return fixed(image, ['slipway-server']);
    });
    const { world, hub, repo } = under;
    const { session, built } = await world.launch([repo.url]);
    expect([built.imageName, await markOf(session)]).toEqual([
      first,
      { commit: expect.stringMatching(/^[0-9a-f]{40}$/) },
    ]);
    await world.stopAll();

    const other = await world.repo('ebb', [{ date: DAY, files: { 'ebb.md': 'low' } }]);
    await world.build([other.url]);
    const failure = await world.fail([...LAUNCH, other.url]);
    expect(failure).toMatchObject({ code: 'hub_image_ignored', message: expect.stringContaining('another commit') });
    const { service, close } = await openService(world);
    try {
      const { told } = await launched(service, { repo: other.url });
      expect(told.at(-1)).toMatchObject({ phase: 'failed', code: 'hub_image_ignored', status_code: 500 });
    } finally {
      await close();
    }
    expect([await hub.users(), await hub.servers()]).toEqual([[], []]);
  });

  it('allows no image of ours says so', async () => {
    under = await openHubWorld(SERVICE);
    const { world, hub, repo } = under;
    const failure = await world.fail([...LAUNCH, repo.url]);
    expect(failure).toMatchObject({ code: 'hub_spawner_unfit', message: expect.stringMatching(/image.*not allowed/i) });
    expect([await hub.users(), await hub.servers()]).toEqual([[], []]);
  });
});
