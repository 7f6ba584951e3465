/** What builds reach of the network. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Attempts, openAttempts } from '../support/build-attempts.ts';

let attempts: Attempts;
let docker: Attempts['docker'];
let attempt: Attempts['attempt'];
let configOf: Attempts['configOf'];

beforeAll(async () => {
  attempts = await openAttempts();
  ({ docker, attempt, configOf } = attempts);
});
afterEach(() => attempts.clear());
afterAll(() => attempts.close());

describe('the firewall', () => {
  const arrived: string[] = [];
  const servers: Server[] = [];
  const own = '10.199.71.1';
  let gateway: string;

  const listen = (host: string) =>
    new Promise<number>((resolve) => {
      const server = createServer((socket) => {
        arrived.push(`${host}:${(server.address() as { port: number }).port}`);
        socket.end('hello\n');
      });
      servers.push(server);
      server.listen(0, host, () => resolve((server.address() as { port: number }).port));
    });
  const knock = (host: string, port: number) =>
    `timeout 8 bash -c 'cat < /dev/tcp/${host}/${port}' && echo ${host}:${port} open || echo ${host}:${port} closed`;

  beforeAll(async () => {
    const bridge = await docker.getNetwork('bridge').inspect();
    gateway = bridge.IPAM?.Config?.[0]?.Gateway ?? '';
    execFileSync('ip', ['link', 'add', 'slwtest0', 'type', 'bridge']);
    execFileSync('ip', ['address', 'add', `${own}/24`, 'dev', 'slwtest0']);
    execFileSync('ip', ['link', 'set', 'slwtest0', 'up']);
  });
  afterAll(() => {
    for (const server of servers) server.close();
    execFileSync('ip', ['link', 'delete', 'slwtest0']);
  });

  it('closes the host and private addresses, and opens exactly the port of a mirror', async () => {
    const closed = [
      [gateway, await listen(gateway)],
      [own, await listen(own)],
    ] as const;
    const mirror = await listen(own);
    const settings = { SLIPWAY_EGRESS: 'required', SLIPWAY_MIRROR_NPM: `http://${own}:${mirror}/` };
    const doors = [...closed, [own, mirror] as const];
    const done = await attempt(
      `RUN ${doors.map(([host, port]) => knock(host, port)).join('; ')}; getent hosts pypi.org\n`,
      settings,
    );
    expect(done.error).toBeUndefined();
    for (const [host, port] of closed) expect(done.lines).toContain(`${host}:${port} closed`);
    expect(done.lines).toContain(`${own}:${mirror} open`);
    expect(arrived).toEqual([`${own}:${mirror}`]);
    expect(done.lines.some((line) => /pypi\.org/.test(line))).toBe(true);
  });

  it('leaves the default bridge as it was when the last build has ended', async () => {
    await attempt('RUN true\n');
    const builds = existsSync('/run/slipway/egress') ? readdirSync('/run/slipway/egress') : [];
    expect(builds.filter((name) => name.startsWith(`${process.pid}-`))).toEqual([]);
    // Another Slipway of this machine may be building, and is then still fenced in.
    const rules = execFileSync('iptables-save', ['-t', 'filter'], { encoding: 'utf8' });
    if (builds.length === 0) expect(rules).not.toMatch(/-i docker0 -j SLIPWAY/);
  });

  it('refuses to build where it is required and cannot be', async () => {
    const { ensureEgress } = await import('../../src/egress.ts');
    const config = { ...configOf({ SLIPWAY_EGRESS: 'required' }), DOCKER_HOST: 'tcp://127.0.0.1:2375' };
    await expect(ensureEgress({ docker, config })).rejects.toMatchObject({ code: 'egress_not_enforced' });
  });
});
