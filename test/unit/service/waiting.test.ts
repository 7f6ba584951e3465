import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { unlessAborted } from '../../../src/service/waiting.ts';

const failing = () =>
  sleep(5).then(() => {
    throw new Error('too late for anybody');
  });

it('work that fails when nobody waits any more is nobody’s fault', async () => {
  const unheard: unknown[] = [];
  const hear = (reason: unknown) => unheard.push(reason);
  process.on('unhandledRejection', hear);
  try {
    await expect(unlessAborted(failing(), AbortSignal.abort('gone before'))).rejects.toBe('gone before');
    await expect(unlessAborted(failing(), AbortSignal.timeout(1))).rejects.toMatchObject({ name: 'TimeoutError' });
    await sleep(20);
  } finally {
    process.off('unhandledRejection', hear);
  }
  expect(unheard).toEqual([]);
});
