/** Sessions of a JupyterHub that has k8s/hub/slipway_hub.py: from the command line, and what is left when it goes wrong. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type HubWorld, openHubWorld } from '../../support/hub-world.ts';
import { runCode } from '../../support/kernel.ts';

let under: HubWorld;

beforeAll(async () => {
  under = await openHubWorld(undefined, { SLIPWAY_CORS_ORIGIN: '*' });
});

afterAll(() => under?.close());

afterEach(async () => {
  await under.world.stopAll();
});

/** Nothing of it is at the hub or in its engine. */
async function expectNothing(): Promise<void> {
  expect(await under.hub.servers()).toEqual([]);
  expect(await under.hub.users()).toEqual([]);
}

const LAUNCH = ['launch', '--json', '--detach', '--no-open'];

describe('a launch', () => {
  it('is a server of the hub, with its image, token and variables; stop removes it', async () => {
    const { world, hub, repo } = under;
    const { run, session, built } = await world.launch([repo.url, '--urlpath', 'tides.ipynb']);
    expect(session.url).toBe(`${hub.url}/user/${session.session}/`);
    expect(run.events.map(({ phase }) => phase)).toContain('launching');
    expect(await hub.users()).toEqual([session.session]);
    const [name = ''] = await hub.servers();
    const facts = await world.docker.getContainer(name).inspect();
    expect(facts.Config.Image).toBe(built.imageName);
    expect(facts.HostConfig).toMatchObject({ CapDrop: ['ALL'], Memory: 2 * 2 ** 30 });
    // The token is in no command line.
    expect(JSON.stringify(facts.Config.Cmd)).not.toContain(session.token);

    const code = 'import os; print(os.environ["BINDER_REPO_URL"], os.environ["JUPYTERHUB_USER"], os.getcwd())';
    expect(await runCode(session, code)).toBe(`${repo.url.replace(/\.git$/, '')} ${session.session} /home/jovyan\n`);
    expect((await fetch(`${session.url}api/status`)).status).toBe(403);
    const across = await fetch(`${session.url}api/status?token=${session.token}`, {
      headers: { origin: 'https://book.example.org' },
    });
    expect(across.headers.get('access-control-allow-origin')).toBe('*');

    const listed = JSON.parse((await world.run(['sessions', '--json'])).stdout) as object[];
    expect(listed).toMatchObject([
      {
        id: session.session,
        repo: repo.url.replace(/\.git$/, ''),
        state: 'running',
        link: expect.stringMatching(/tides\.ipynb\?token=/),
      },
    ]);
    const stopped = await world.run(['stop', session.session.slice(-8)]);
    expect(stopped.stdout).toBe(`${session.session}\n`);
    await expectNothing();
  });

  it('whose server dies fails at once with the reason, and leaves nothing', async () => {
    const url = await under.starting('dying', 'exit 3');
    const failure = await under.world.fail([...LAUNCH, url]);
    expect(failure).toMatchObject({
      code: 'session_failed',
      message: expect.stringContaining('ended while it started'),
    });
    expect(failure.run.exitCode).toBe(80);
    expect(failure.run.ms).toBeLessThan(30_000);
    await expectNothing();
  });

  it('that takes too long fails in time, tells what the hub told, and leaves nothing', async () => {
    const url = await under.starting('sleeping', 'sleep 60');
    const failure = await under.world.fail([...LAUNCH, url], { SLIPWAY_SESSION_START: '4s' });
    expect(failure).toMatchObject({ code: 'session_timeout', hint: expect.stringContaining('SLIPWAY_SESSION_START') });
    expect(failure.run.events).toContainEqual({ phase: 'launching', message: 'Spawning server...\n' });
    await expectNothing();
  });

  it('that is interrupted leaves nothing', async () => {
    const url = await under.starting('waiting', 'sleep 60');
    const running = under.world.start([...LAUNCH, url]);
    await expect.poll(() => under.hub.servers(), { timeout: 30_000 }).toHaveLength(1);
    running.child.kill('SIGINT');
    expect((await running.done).exitCode).toBe(130);
    await expectNothing();
  });

  it('of an image that the hub does not allow says where it is allowed', async () => {
    const { hub, repo } = under;
    const body = JSON.stringify({ image: `slipway-elsewhere/${repo.image}`, token: 'x' });
    const headers = { authorization: `token ${hub.settings.SLIPWAY_HUB_TOKEN}` };
    try {
      await fetch(`${hub.url}/hub/api/users/stranger`, { method: 'POST', headers });
      const refused = await fetch(`${hub.url}/hub/api/users/stranger/server`, { method: 'POST', headers, body });
      expect(refused.status).toBe(400);
      expect(await refused.text()).toContain('SLIPWAY_IMAGES');
      expect(await hub.servers()).toEqual([]);
    } finally {
      await fetch(`${hub.url}/hub/api/users/stranger`, { method: 'DELETE', headers });
    }
  });
});

describe('a hub', () => {
  it('that does not know the token, or is not there, is told from a repository at fault, before anything is built', async () => {
    const { world, hub, repo } = under;
    const stranger = await world.fail([...LAUNCH, repo.url], { SLIPWAY_HUB_TOKEN: 'x'.repeat(64) });
    expect(stranger).toMatchObject({
      code: 'hub_token_refused',
      message: expect.stringContaining('none that the hub knows'),
    });
    expect(stranger.run.exitCode).toBe(87);
    const away = await world.fail([...LAUNCH, repo.url], { SLIPWAY_HUB_URL: 'http://127.0.0.1:9' });
    expect(away).toMatchObject({ code: 'hub_unreachable', message: expect.stringContaining('ECONNREFUSED') });
    expect(away.run.ms).toBeLessThan(10_000);
    const other = await world.fail([...LAUNCH, repo.url], { SLIPWAY_HUB_API_URL: `${hub.url}/nowhere` });
    expect(other).toMatchObject({ code: 'hub_unreachable', message: expect.stringContaining('no hub answers there') });
    const noLogin = await world.fail([...LAUNCH, repo.url], { SLIPWAY_HUB_LOGIN: 'on' });
    expect(noLogin).toMatchObject({ code: 'hub_spawner_unfit', hint: expect.stringContaining('SLIPWAY_LOGIN=on') });
    expect(noLogin.run.events).toHaveLength(1);
  });
});
