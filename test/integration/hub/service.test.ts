/** The service with a hub: what it tells and keeps of launches, and how it stands what hubs do. */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WITH_OURS } from '../../support/hub.ts';
import { type HubWorld, openHubWorld } from '../../support/hub-world.ts';
import { freePorts, openServed, type Served } from '../../support/served.ts';
import { launched, openService, phases, type ServiceUnderTest, SOMEBODY, until } from '../../support/service.ts';

const WEAK = 'weak'.repeat(16);
/** One spawn at once, and a service whose token may only look. */
const CONFIG = `${WITH_OURS}
c.JupyterHub.concurrent_spawn_limit = 1
c.JupyterHub.tornado_settings = {"spawn_throttle_retry_range": (1, 2)}
c.JupyterHub.services = c.JupyterHub.services + [{"name": "weak", "api_token": "${WEAK}"}]
c.JupyterHub.load_roles = c.JupyterHub.load_roles + [
    {"name": "weak", "services": ["weak"], "scopes": ["list:users", "read:servers"]}]
`;

let served: Served;
let hub: HubWorld['hub'];
let under: HubWorld;
let tested: ServiceUnderTest;

beforeAll(async () => {
  served = await openServed();
  under = await openHubWorld(CONFIG, { SLIPWAY_IDLE: '20,600' }, served.world);
  hub = under.hub;
  tested = await openService(under.world, { SLIPWAY_SESSION_IDLE: '8s' });
});

afterAll(async () => {
  await tested?.close();
  await under?.hub.close();
  await served?.close();
});

describe('a launch', () => {
  it('is counted, listed and found; a cancelled one leaves neither server nor user', async () => {
    const { service } = tested;
    const { id, told } = await launched(service, { repo: under.repo.url });
    expect(phases(told)).toEqual(['built', 'launching', 'ready']);
    const name = String(told.at(-1)?.session);
    expect(told.at(-1)).toMatchObject({ url: `${hub.url}/user/${name}/`, image: under.repo.image });
    expect(await service.sessions.count()).toBe(1);
    const { address: client } = SOMEBODY;
    expect(await service.sessions.list()).toMatchObject([{ id: name, launchId: id, client, state: 'running' }]);
    expect(await service.launchRecord(id)).toMatchObject({ state: 'ready', session: name });
    await service.cancel(id);
    expect([await hub.users(), await hub.servers(), await service.sessions.count()]).toEqual([[], [], 0]);
  });

  it('waits as long as a busy hub says', async () => {
    const { service } = tested;
    const both = await Promise.all([1, 2].map(() => launched(service, { repo: under.repo.url })));
    expect(both.map(({ told }) => told.at(-1))).toMatchObject([{ phase: 'ready' }, { phase: 'ready' }]);
    const said = both.flatMap(({ told }) => told.map(({ message }) => message));
    expect(said).toContain('The hub is busy and will be asked again in 1 s\n');
    expect(await hub.users()).toHaveLength(2);
    expect((await service.stopAll({ repo: '*' })).sessions).toHaveLength(2);
    expect(await hub.users()).toEqual([]);
  });

  it('asks again with the same name when the hub was away for a moment', async () => {
    const asked: string[] = [];
    const failing = new Map([
      [/POST .*\/users\/[^/]+$/, 503],
      [/POST .*\/server$/, 502],
    ]);
    const faulty = createServer((incoming, answer) => {
      const line = `${incoming.method} ${incoming.url}`;
      if (incoming.method === 'POST') asked.push(line);
      const [fault] = [...failing].filter(([pattern]) => pattern.test(line));
      if (fault) {
        failing.delete(fault[0]);
        // The second one is carried out, and only its answer is lost.
        if (fault[1] === 503) return void answer.writeHead(503).end('nobody is here');
      }
      const { method = '', headers } = incoming;
      const onward = request(hub.url + incoming.url, { method, headers }, (response) => {
        answer.writeHead(fault?.[1] ?? response.statusCode ?? 500, fault ? {} : response.headers);
        response.pipe(answer);
      });
      incoming.pipe(onward);
    });
    await new Promise<void>((done) => faulty.listen(0, '127.0.0.1', done));
    const api = `http://127.0.0.1:${(faulty.address() as AddressInfo).port}/hub/api`;
    const own = await openService(under.world, { SLIPWAY_HUB_API_URL: api });
    try {
      const { id, told } = await launched(own.service, { repo: under.repo.url });
      expect(told.at(-1)).toMatchObject({ phase: 'ready' });
      const name = told.at(-1)?.session;
      const [user, server] = [`POST /hub/api/users/${name}`, `POST /hub/api/users/${name}/server`];
      expect(asked).toEqual([user, user, server, server]);
      expect(await hub.users()).toEqual([name]);
      await own.service.cancel(id);
    } finally {
      await own.close();
      faulty.closeAllConnections();
      faulty.close();
    }
  });

  it('whose process is killed is taken over by another, with the same name and no second server', async () => {
    const slow = await under.starting('slow', 'sleep 4');
    const [one, two] = [await served.serve(), await served.serve([], { SLIPWAY_PORT: String(await freePorts()) })];
    const { id } = await served.launch({ repo: slow }, { origin: one.url });
    const [user] = await until(async () => ((await hub.servers()).length > 0 ? hub.users() : undefined));
    await one.kill();
    const ended = await until(async () => {
      const { body } = await served.call<{ state: string; link?: string }>(`/api/v1/launches/${id}`, {
        origin: two.url,
      });
      return ['ready', 'failed'].includes(body.state) ? body : undefined;
    });
    expect(ended).toMatchObject({ state: 'ready', link: expect.stringContaining(`/user/${user}/`) });
    expect(await hub.users()).toEqual([user]);
    expect(await hub.servers()).toHaveLength(1);
    await served.call(`/api/v1/launches/${id}`, { method: 'DELETE', origin: two.url });
    expect(await hub.users()).toEqual([]);
    await two.stop();
  });
});

describe('a hub', () => {
  it('whose token lacks scopes says which, at a launch and in /health', async () => {
    const own = await openService(under.world, { SLIPWAY_HUB_TOKEN: WEAK });
    try {
      const { told } = await launched(own.service, { repo: under.repo.url });
      expect(told.at(-1)).toMatchObject({ code: 'hub_token_refused', message: expect.stringContaining('admin:users') });
      const check = (await own.service.health()).checks.find(({ service }) => service === 'JupyterHub API');
      expect(check?.message).toMatch(/lacks the scope start:servers, delete:servers, admin:users, delete:users/);
    } finally {
      await own.close();
    }
  });

  it('that is down fails launches fast, shows in /health, and loses no session', async () => {
    const { service } = tested;
    const kept = await launched(service, { repo: under.repo.url });
    await hub.kill();
    const began = Date.now();
    const { told } = await launched(service, { repo: under.repo.url });
    expect(told.at(-1)).toMatchObject({ phase: 'failed', code: 'hub_unreachable', status_code: 503 });
    expect(Date.now() - began).toBeLessThan(10_000);
    const health = await service.health();
    expect(health.ok).toBe(false);
    expect(health.checks).toContainEqual(expect.objectContaining({ service: 'JupyterHub API', ok: false }));
    await hub.start();
    expect((await service.health()).ok).toBe(true);
    expect((await service.sessions.list()).map(({ launchId }) => launchId)).toEqual([kept.id]);
    const { url, token } = kept.told.at(-1) as unknown as { url: string; token: string };
    expect((await fetch(`${url}api/status?token=${token}`)).status).toBe(200);
  });

  it('ends what nobody uses, and the service hears of it', async () => {
    expect(await tested.service.sessions.count()).toBe(1);
    await until(async () => ((await tested.service.sessions.count()) === 0 ? true : undefined), 60_000);
    expect([await hub.users(), await hub.servers()]).toEqual([[], []]);
  });
});
