/** A commit without an image, in a server that runs already. */
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launched, openService, phases, type ServiceUnderTest, until } from '../../support/service.ts';
import { openWorld, type World } from '../../support/world.ts';

let world: World;
let under: ServiceUnderTest;
/** Servers that have come up and waited, so far. */
let come = 0;

beforeAll(async () => {
  world = await openWorld();
  const write = (line: string) => {
    if (JSON.parse(line).msg === 'server waits') come += 1;
  };
  under = await openService(world, { SLIPWAY_WARM: '1' }, { log: pino({ level: 'info' }, { write }) });
});

afterAll(async () => {
  await under.close();
  await world.close();
});

/** One that runs need not answer yet. */
const untilWaits = (count: number) => until(async () => (come >= count ? true : undefined));

it('is ready without a build; the image is built afterwards', async () => {
  const { service } = under;
  const commit = (n: number) => ({ date: '2024-05-10', files: { 'README.md': `# ${n}\n`, 'data.txt': `${n}\n` } });
  const first = await world.repo('course', [commit(1)]);
  await launched(service, { repo: first.url });
  await untilWaits(1);

  const second = await world.repo('course', [commit(2)]);
  const [sha] = second.shas;
  const { id, told } = await launched(service, { repo: first.url, ref: sha ?? '' });
  expect(phases(told)).toEqual(['launching', 'ready']);
  const record = await service.launchRecord(id);
  expect(record?.build).toBeUndefined();
  expect(record).toMatchObject({ state: 'ready', resolved: { commit: sha } });

  const target = await service.sessions.target(record?.session ?? '');
  if (!target || !('port' in target)) throw new Error('the session has no port');
  const { pathname } = new URL(String(told.at(-1)?.url));
  const address = `http://127.0.0.1:${target.port}${pathname}files/data.txt`;
  const answer = await fetch(address, { headers: { authorization: `token ${told.at(-1)?.token}` } });
  expect(await answer.text()).toBe('2\n');
  const readiness = () => service.readiness({ repo: first.url, ref: sha ?? '' });
  await until(async () => ((await readiness()) === 'ready' ? true : undefined));
});

it('is built where the server cannot be given it, and told so once', async () => {
  await untilWaits(2);
  const files = { postBuild: { content: '#!/bin/bash\necho built > made.txt\n', mode: '755' as const } };
  const made = await world.repo('made', [{ date: '2024-05-10', files }]);
  const { id, told } = await launched(under.service, { repo: made.url });
  expect(phases(told).slice(-4)).toEqual(['building', 'built', 'launching', 'ready']);
  expect(told.filter(({ message }) => message?.startsWith('Fetching'))).toHaveLength(1);
  expect((await under.service.launchRecord(id))?.build).toBeDefined();
});
