/** `slipway doctor` beside stand-ins on loopback: what it finds, how heavy that weighs, and what it advises. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../support/docker-registry.ts';
import { type StandIn, startEngine, startMirror, TLS_CA } from '../support/mirrors.ts';
import { startSlipway } from '../support/slipway.ts';

interface Finding {
  check: string;
  state: 'ok' | 'warn' | 'fail';
  message: string;
  mend?: string;
}

const folder = mkdtempSync(join(tmpdir(), 'slipway-doctor-'));
let mirror: StandIn;
let elsewhere: StandIn;
let here: StandIn;
let closed: string;

beforeAll(async () => {
  [mirror, elsewhere, here] = await Promise.all([
    startMirror(),
    startEngine('tcp', '/var/lib/docker'),
    startEngine(join(folder, 'engine.sock'), folder),
  ]);
  closed = `http://127.0.0.1:${await freePort()}`;
});
afterAll(async () => {
  await Promise.all([mirror?.close(), elsewhere?.close(), here?.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Every host is the stand-in, and what has no setting is behind a proxy that leads nowhere. */
function settingsOf(more: Record<string, string>): Record<string, string> {
  const mirrors = 'DEBIAN DEBIAN_SECURITY DEBIAN_ARCHIVE PYPI PYTHON CONDA NPM'.split(' ');
  return {
    SLIPWAY_DATA: folder,
    REDIS_URL: '',
    DOCKER_HOST: elsewhere.url,
    HTTPS_PROXY: closed,
    NO_PROXY: '127.0.0.1',
    ...Object.fromEntries(mirrors.map((name) => [`SLIPWAY_MIRROR_${name}`, `${mirror.url}/${name.toLowerCase()}`])),
    SLIPWAY_MIRROR_DOCKER: `${new URL(mirror.url).host}/library`,
    ...more,
  };
}

/** What is found with these settings, by check, and the exit code. */
async function examined(more: Record<string, string> = {}) {
  const run = await startSlipway(['doctor', '--json'], { settings: settingsOf(more) }).done;
  const found = JSON.parse(run.stdout) as Finding[];
  const failed = found.filter(({ state }) => state === 'fail').map(({ check }) => check);
  return { exitCode: run.exitCode, failed, of: (check: string) => found.find((one) => one.check === check) };
}

it('asks every mirror, and says of an engine elsewhere what cannot be enforced and seen there', async () => {
  const { exitCode, failed, of } = await examined();
  expect([exitCode, failed]).toEqual([0, []]);
  const mirrors = ['Debian mirror', 'Debian security', 'Debian archive', 'package index', 'managed Pythons'];
  for (const name of [...mirrors, 'conda channels', 'npm registry', 'container registry', 'clock'])
    expect(of(name), name).toMatchObject({ state: 'ok' });
  const paths = [
    '/debian/dists',
    '/debian_security/dists',
    '/debian_archive/',
    '/pypi/',
    '/python',
    '/conda/',
    '/npm/',
  ];
  for (const path of [...paths, '/v2/'])
    expect(
      mirror.asked.some((one) => one.startsWith(path)),
      path,
    ).toBe(true);
  expect(of('egress firewall')).toMatchObject({
    state: 'warn',
    message: 'Builds and sessions may reach private addresses: the engine is on another machine.',
    mend: expect.stringContaining('iptables'),
  });
  expect(of('build limits')).toMatchObject({ state: 'warn', message: expect.stringContaining('not limited') });
  expect(of('disk')).toMatchObject({ state: 'warn', message: expect.stringContaining('cannot be seen from here') });
});

it('fails where the firewall is required and cannot be had', async () => {
  const { exitCode, failed, of } = await examined({ SLIPWAY_EGRESS: 'required' });
  expect([exitCode, failed]).toEqual([13, ['egress firewall']]);
  expect(of('egress firewall')?.message).toContain('the engine is on another machine');
});

it('says how to get an engine where there is none, and looks at the disk all the same', async () => {
  const { exitCode, failed, of } = await examined({ DOCKER_HOST: `unix://${folder}/none.sock` });
  expect([exitCode, failed]).toEqual([13, ['engine']]);
  expect(of('engine')).toMatchObject({
    message: expect.stringContaining('there is no such socket'),
    mend: expect.stringContaining('npm run setup'),
  });
  expect(of('disk')?.message).toMatch(/ free in \/var\/lib/);
});

it('fails when less of the disk is free than builds need', async () => {
  const settings = { SLIPWAY_DISK_FREE: '1000000G', SLIPWAY_EGRESS: 'off' };
  const { exitCode, failed, of } = await examined({ ...settings, DOCKER_HOST: here.url });
  expect([exitCode, failed]).toEqual([13, expect.arrayContaining(['disk'])]);
  expect(of('disk')?.message).toMatch(/^Only .* free in .*slipway-doctor-.*; builds stop below /);
  expect(of('disk')?.mend).toContain('docker image prune');
  const without = await examined({ ...settings, DOCKER_HOST: `unix://${folder}/none.sock` });
  expect(without.failed).toEqual(expect.arrayContaining(['engine', 'disk']));
});

it('fails for mirrors that every build needs, and warns of those that only some do', async () => {
  const needed = await examined({ SLIPWAY_MIRROR_DEBIAN: closed, SLIPWAY_MIRROR_PYPI: closed });
  expect([needed.exitCode, needed.failed]).toEqual([13, ['Debian mirror', 'package index']]);
  expect(needed.of('package index')).toMatchObject({
    message: expect.stringContaining('it refuses connections'),
    mend: expect.stringContaining('SLIPWAY_MIRROR_PYPI'),
  });
  const sometimes = {
    'Debian security': 'SLIPWAY_MIRROR_DEBIAN_SECURITY',
    'Debian archive': 'SLIPWAY_MIRROR_DEBIAN_ARCHIVE',
    'managed Pythons': 'SLIPWAY_MIRROR_PYTHON',
    'conda channels': 'SLIPWAY_MIRROR_CONDA',
    'npm registry': 'SLIPWAY_MIRROR_NPM',
  };
  const names = Object.values(sometimes);
  const { exitCode, failed, of } = await examined(Object.fromEntries(names.map((name) => [name, closed])));
  expect([exitCode, failed]).toEqual([0, []]);
  for (const [check, setting] of Object.entries(sometimes))
    expect(of(check)).toMatchObject({
      state: 'warn',
      message: expect.stringContaining('it refuses connections'),
      mend: expect.stringContaining(setting),
    });
});

it('tells a certificate that nobody trusts from a host that is away, and trusts the operator’s bundle', async () => {
  const secure = await startMirror({ isTls: true });
  try {
    const settings = { SLIPWAY_MIRROR_PYPI: `${secure.url}/simple`, SLIPWAY_MIRROR_CONDA: secure.url };
    const { exitCode, failed, of } = await examined(settings);
    expect([exitCode, failed]).toEqual([13, ['certificates']]);
    expect(of('certificates')).toMatchObject({
      message: expect.stringContaining('it signed its certificate itself'),
      mend: expect.stringContaining('SLIPWAY_CA_BUNDLE'),
    });
    expect(of('conda channels')).toMatchObject({ state: 'warn', message: expect.stringContaining('itself') });
    expect(secure.asked).toEqual([]);
    const trusting = await examined({ ...settings, SLIPWAY_CA_BUNDLE: TLS_CA });
    expect([trusting.exitCode, trusting.failed]).toEqual([0, []]);
    expect(trusting.of('certificates')?.message).toContain(TLS_CA);
  } finally {
    await secure.close();
  }
});

it('fails when the clock is off, for people in so many words', async () => {
  const late = await startMirror({ late: 45 * 60_000 });
  try {
    const settings = settingsOf({ SLIPWAY_MIRROR_PYPI: late.url });
    const run = await startSlipway(['doctor'], { settings }).done;
    expect(run.exitCode).toBe(13);
    expect(run.stdout).toMatch(/^fail +clock +The clock is 45 minutes off\.\n +→ Set it, e\.g\. by timedatectl/m);
    expect(run.stdout).toMatch(/^A launch would fail: \d+ ok, \d+ warnings, 1 failures\.$/m);
  } finally {
    await late.close();
  }
});
