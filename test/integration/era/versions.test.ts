/** `slipway plan --versions`: what an environment of its day differs in from today's. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../../support/world.ts';

interface Row {
  name: string;
  asOf: string | null;
  latest: string | null;
}

describe('versions of the day beside those of today', () => {
  let world: World;
  let url: string;
  beforeAll(async () => {
    world = await openWorld({ SLIPWAY_PYTHONS: 'debian' });
    const files = { 'requirements.txt': 'cowsay\npackaging\nsix==1.15.0\n' };
    ({ url } = await world.repo('tides', [{ date: '2024-03-10', files }]));
  });
  afterAll(() => world?.close());

  it('for programs and for people; nothing is built by it', async () => {
    const plan = (await world.plan(['--versions', url])) as unknown as { versions: Row[]; notices: object[] };
    const row = (name: string) => plan.versions.find((one) => one.name === name);
    expect(row('cowsay')).toEqual({ name: 'cowsay', asOf: '6.1', latest: expect.stringMatching(/^\d/) });
    expect(row('six')).toEqual({ name: 'six', asOf: '1.15.0', latest: '1.15.0' });
    expect(row('packaging')?.asOf).toBe('24.0');
    expect(Number(row('packaging')?.latest?.split('.')[0])).toBeGreaterThan(24);
    expect(row('ipykernel')?.asOf).toBe('6.29.3');
    expect(await world.traces()).toEqual([]);

    const people = await world.run(['plan', '--versions', url]);
    expect(people.stdout).toMatch(/ +2024-03-10 +today\n/);
    expect(people.stdout).toMatch(/ packaging +24\.0 +\d/);
  });

  it('needs an engine, and says so', async () => {
    const failed = await world.run(['plan', '--versions', '--json', url], { DOCKER_HOST: 'unix:///nowhere.sock' });
    expect(failed.exitCode).toBe(11);
    expect(failed.stdout + failed.stderr).toMatch(/engine/i);
  });
});
