/** Hubs that were set up for something else: for BinderHub, which has to work as it is, and for nothing of the kind. */
import { afterEach, describe, expect, it } from 'vitest';
import { type HubWorld, openHubWorld } from '../../support/hub-world.ts';

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
const BINDER = `${SERVICE}
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
c.DockerSpawner.allowed_images = "*"
c.DockerSpawner.extra_host_config = {"tmpfs": {"/etc/jupyter": "ro"}}
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

const LAUNCH = ['launch', '--json', '--detach', '--no-open'];
let under: HubWorld | undefined;

afterEach(async () => {
  await under?.close();
  under = undefined;
});

describe('a hub for BinderHub', () => {
  it('works unchanged and gets JupyterLab, with its own command and something mounted over /etc/jupyter', async () => {
    under = await openHubWorld(BINDER);
    const { world, hub, repo } = under;
    const { session } = await world.launch([repo.url]);
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

  it('allows no image of ours says so', async () => {
    under = await openHubWorld(SERVICE);
    const { world, hub, repo } = under;
    const failure = await world.fail([...LAUNCH, repo.url]);
    expect(failure).toMatchObject({ code: 'hub_spawner_unfit', message: expect.stringMatching(/image.*not allowed/i) });
    expect([await hub.users(), await hub.servers()]).toEqual([[], []]);
  });
});
