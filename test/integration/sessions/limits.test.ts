/** What a session may take and where it may go. Traffic goes to addresses of this machine only. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SlipwayEvent } from '../../../src/types.ts';
import { runCode } from '../../support/kernel.ts';
import { makeOutside, type Outside } from '../../support/outside.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { openSessions, resolvedOf, type SessionsUnderTest } from '../../support/sessions.ts';
import { eventOf } from '../../support/slipway.ts';
import { openWorld, type World } from '../../support/world.ts';

type Ready = Extract<SlipwayEvent, { phase: 'ready' }>;

let world: World;
let redis: TestRedis;
let url: string;
let given: { image: string; resolved: ReturnType<typeof resolvedOf> };
let open: SessionsUnderTest | undefined;

beforeAll(async () => {
  [world, redis] = await Promise.all([openWorld(), startRedis()]);
  const repo = await world.repo('limited', [{ date: '2024-05-10', files: { 'index.md': '# x' } }]);
  url = repo.url;
  const { imageName } = await world.build([url]);
  given = { image: imageName, resolved: resolvedOf(url, repo.shas[0] ?? '') };
}, 600_000);

afterEach(async () => {
  for (const { id } of (await open?.sessions.list()) ?? []) await open?.sessions.stop(id).catch(() => undefined);
  await open?.close();
  open = undefined;
});

afterAll(async () => {
  await world?.close();
  await redis?.close();
});

async function opened(settings: Record<string, string> = {}): Promise<SessionsUnderTest> {
  open = await openSessions(world, redis, given, settings);
  return open;
}

const knock = (doors: [string, number][]) => `
import socket
for host, port in ${JSON.stringify(doors)}:
    try:
        socket.create_connection((host, port), 3).close()
        print(host, port, "open")
    except OSError as error:
        print(host, port, "closed")`;

describe('the network of sessions', () => {
  let [somebody, inside]: [Outside, Outside] = [] as never;

  beforeAll(async () => {
    somebody = await makeOutside('slwout', '198.51.100', [80, 443, 25, 8333, 9000]);
    inside = await makeOutside('slwin', '10.199.72', [80, 443]);
  });
  afterAll(async () => {
    await somebody?.close();
    await inside?.close();
  });

  it('reaches public addresses on the ports that are open, and nothing else', async () => {
    const { start, config } = await opened({ SLIPWAY_EGRESS: 'required' });
    const [session, other] = await Promise.all([start(), start()]);
    const networkOf = async (id: string) =>
      Object.values((await world.docker.getContainer(`slipway-${id}`).inspect()).NetworkSettings.Networks)[0];
    const [own, others] = [await networkOf(session.id), await networkOf(other.id)];
    const gateway = own?.Gateway ?? '';
    const host = createServer((socket) => socket.end()).listen(0, '0.0.0.0');
    await once(host, 'listening');
    const port = (host.address() as AddressInfo).port;
    const code = knock([
      [somebody.address, 80],
      [somebody.address, 443],
      [somebody.address, 25],
      [somebody.address, 8333],
      [inside.address, 80],
      [gateway, port],
      [gateway, config.SLIPWAY_PORT + 1],
      ['10.199.72.1', port],
      [others?.IPAddress ?? '', 8888],
    ]);
    const lines = (await runCode(session, code)).trim().split('\n');
    host.close();
    expect(lines.map((line) => line.split(' ').at(-1))).toEqual([
      ...['open', 'open', 'closed', 'closed'],
      ...['closed', 'closed', 'closed', 'closed', 'closed'],
    ]);
  });

  it('opens the ports that the operator names', async () => {
    const { start } = await opened({ SLIPWAY_EGRESS: 'required', SLIPWAY_EGRESS_PORTS: '443,8000-9000' });
    const doors = [80, 443, 8333, 9000].map((port): [string, number] => [somebody.address, port]);
    const text = await runCode(await start(), knock(doors));
    expect(text.match(/open|closed/g)).toEqual(['closed', 'open', 'open', 'open']);
  });

  it('is as fast as it may be in both directions, and no faster', async () => {
    const { start } = await opened({ SLIPWAY_EGRESS: 'required', SLIPWAY_EGRESS_RATE: '1M' });
    const session = await start();
    const code = `
import socket, time
def timed(step):
    began = time.monotonic()
    count = step(socket.create_connection(("${somebody.address}", 80), 20))
    print(count, round(time.monotonic() - began, 1))
def down(connection):
    connection.sendall(b"GET 6291456\\n")
    return sum(len(part) for part in iter(lambda: connection.recv(65536), b""))
def up(connection):
    connection.sendall(b"x" * 6291456)
    connection.shutdown(socket.SHUT_WR)
    return int(connection.recv(100))
timed(down)
timed(up)`;
    const [down = [], up = []] = (await runCode(session, code))
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number));
    for (const [bytes, seconds = 0] of [down, up]) {
      expect(bytes).toBe(6 * 2 ** 20);
      // Two seconds' worth are free, the rest goes at the rate.
      expect(seconds).toBeGreaterThan(3);
      expect(seconds).toBeLessThan(20);
    }
  });

  it('is none at all where the operator wants that, and the session works', async () => {
    const { start, origin, sessions } = await opened({ SLIPWAY_SESSION_NETWORK: 'none' });
    const session = await start();
    const code = 'import os; print(os.listdir("/sys/class/net"), os.environ["HOME"])';
    expect(await runCode(session, code)).toBe("['lo'] /home/jovyan\n");
    const facts = await world.docker.getContainer(`slipway-${session.id}`).inspect();
    expect(facts.HostConfig.NetworkMode).toBe('none');
    const door = facts.Mounts.find(({ Destination }) => Destination === '/run/slipway/door')?.Source ?? '';
    expect(existsSync(door)).toBe(true);
    // A socket of the host's, behind a link in the place of the session's own.
    const arrived: string[] = [];
    const path = `${world.data}/host.sock`;
    const host = createServer((socket) => {
      arrived.push('x');
      socket.end();
    }).listen(path);
    const swap = `import os; os.remove("/run/slipway/door/server"); os.symlink("${path}", "/run/slipway/door/server")`;
    await runCode(session, swap).catch(() => undefined);
    await sleep(100);
    expect((await fetch(`${origin}user/${session.id}/api`)).status).toBe(502);
    expect(arrived).toEqual([]);
    host.close();
    await sessions.stop(session.id);
    expect(existsSync(door)).toBe(false);
  });
});

describe('what a session takes', () => {
  it('is ended when it fills the disk, and its page says so', async () => {
    const { start, sessions, origin } = await opened({ SLIPWAY_SESSION_DISK: '300M' });
    const [session, other] = await Promise.all([start(), start()]);
    // On its own, as the kernel's end would be its too, and only once the call that begins it has had its answer.
    const code = `import os; os.system("setsid sh -c 'sleep 2; cat /dev/zero > /tmp/big' > /dev/null 2>&1 &")`;
    await runCode(session, code);
    for (let tries = 0; await sessions.target(session.id); tries += 1) {
      if (tries > 300) throw new Error('it still runs');
      await sleep(100);
    }
    expect(await sessions.whyEnded(session.id)).toMatchObject({ reason: 'disk' });
    const headers = { accept: 'text/html', 'sec-fetch-dest': 'document' };
    expect(await (await fetch(`${origin}user/${session.id}/lab`, { headers })).text()).toContain('disk space');
    await expect.poll(async () => (await sessions.list()).map(({ id }) => id), { timeout: 20_000 }).toEqual([other.id]);
  });

  it('is ended when it fills the disk below a launch that waits for its end', async () => {
    const running = world.start(['launch', '--json', '--no-open', url], { SLIPWAY_SESSION_DISK: '300M' });
    const session = (await running.until(({ phase }) => phase === 'ready')) as Ready;
    const code = `import os; os.system("setsid sh -c 'sleep 1; head -c 600M /dev/zero > /tmp/big' > /dev/null 2>&1 &")`;
    await runCode(session, code);
    const run = await running.done;
    expect(eventOf(run, 'failed')).toMatchObject({
      code: 'session_disk_full',
      message: expect.stringContaining('0.3 GB'),
    });
    expect(run.exitCode).toBe(84);
    expect((await world.traces()).filter((trace) => trace.includes(session.session))).toEqual([]);
  });

  it('is bounded in processes and memory, and others feel nothing', async () => {
    const { start } = await opened({ SLIPWAY_SESSION_PIDS: '100', SLIPWAY_SESSION_MEMORY: '400M' });
    const [session, other] = await Promise.all([start(), start()]);
    const bomb = `
import os, signal, time
children = []
try:
    for _ in range(500):
        child = os.fork()
        if child == 0:
            time.sleep(20)
            os._exit(0)
        children.append(child)
except OSError as error:
    print(error.strerror, len(children) < 100)
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)`;
    expect(await runCode(session, bomb)).toBe('Resource temporarily unavailable True\n');
    expect(await runCode(other, 'print(1)')).toBe('1\n');
    const greedy =
      'import subprocess, sys; print(subprocess.run([sys.executable, "-c", "bytearray(2**30)"]).returncode)';
    expect(await runCode(other, greedy)).toBe('-9\n');
    const limit = execFileSync('docker', ['inspect', '-f', '{{.HostConfig.Memory}}', `slipway-${other.id}`]);
    expect(limit.toString().trim()).toBe(String(400 * 2 ** 20));
  });
});
