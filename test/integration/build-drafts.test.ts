/** What a build makes for a moment, and what a killed one leaves of it. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readFileFromImage } from '../../src/build/image-files.ts';
import { processMark, processPlace } from '../../src/process-mark.ts';
import { type Attempts, openAttempts } from '../support/build-attempts.ts';

/** Mark of a process that no Linux has. */
const NOBODY = `${2 ** 22 + 1}-1`;
let attempts: Attempts;
let docker: Attempts['docker'];
let rootfs: string;
let attempt: Attempts['attempt'];
let configOf: Attempts['configOf'];

beforeAll(async () => {
  attempts = await openAttempts();
  ({ docker, rootfs, attempt, configOf } = attempts);
});
afterEach(() => attempts.clear());
afterAll(() => attempts.close());

describe('a build that was killed after its end', () => {
  it('leaves nothing once another is made here; those of others, and of what runs, stay', async () => {
    const place = await processPlace();
    const image = docker.getImage(rootfs);
    const { RepoTags } = await image.inspect();
    const marks = [`${place}-${NOBODY}`, `${place}-${await processMark()}`, `0123456789ab-${NOBODY}`];
    const names = marks.map((mark) => `${mark}-${randomBytes(4).toString('hex')}`);
    const held = [];
    for (const tag of names) {
      await image.tag({ repo: 'slipway/build', tag });
      held.push(await docker.createContainer({ name: `slipway-build-${tag}`, Image: rootfs, Cmd: ['/nothing'] }));
    }
    try {
      const tags = names.slice(1).map((tag) => `slipway/build:${tag}`);
      attempts.made.push(...tags);
      expect((await attempt('RUN true\n')).error).toBeUndefined();
      const left = ((await image.inspect()).RepoTags ?? []).filter((tag) => !RepoTags?.includes(tag));
      expect(left.sort()).toEqual(tags.sort());
      const there = await docker.listContainers({ all: true, filters: { name: ['slipway-build-'] } });
      expect(there.flatMap(({ Names }) => Names).sort()).toEqual(
        names
          .slice(1)
          .map((tag) => `/slipway-build-${tag}`)
          .sort(),
      );
    } finally {
      for (const container of held) await container.remove({ force: true }).catch(() => undefined);
    }
  });

  it('is not held by what read from it: the reader has the name of its process', async () => {
    const names: string[] = [];
    const seen = await docker.getEvents({ filters: { type: ['container'], event: ['create'] } });
    seen.on('data', (chunk: Buffer) => {
      for (const line of `${chunk}`.trim().split('\n')) names.push(JSON.parse(line).Actor.Attributes.name);
    });
    await readFileFromImage(docker, rootfs, '/etc/os-release', configOf());
    const own = `slipway-build-${await processPlace()}-${await processMark()}-`;
    await expect.poll(() => names).toContainEqual(expect.stringContaining(own));
    (seen as unknown as { destroy(): void }).destroy();
  });
});
