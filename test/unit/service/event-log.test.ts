import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createEventLog } from '../../../src/service/event-log.ts';

const log = pino({ level: 'silent' });
const about = { provider: 'gh', spec: 'org/repo', ref: 'main' };
const ended = { kind: 'launch' as const, ...about, cached: true, took: 1500, timings: {}, hasBuildToken: false };

test('every launch that ended is a line, in order, with BinderHub’s keys', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-events-'));
  try {
    const path = join(folder, 'launches.jsonl');
    const tell = createEventLog(path, 'https://binder.example.org/', log);
    tell({ ...ended, outcome: 'ready', commit: 'a'.repeat(40) });
    tell({ ...ended, outcome: 'build_failed', hasBuildToken: true });
    await expect.poll(() => readFile(path, 'utf8').catch(() => '')).toMatch(/^.+\n.+\n$/);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    const [first, second] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toEqual({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      schema: 'binderhub.jupyter.org/launch',
      version: 5,
      provider: 'gh',
      spec: 'org/repo/main',
      ref: 'a'.repeat(40),
      status: 'success',
      origin: 'https://binder.example.org/',
      build_token: false,
      duration: 1.5,
    });
    expect(second).toMatchObject({ status: 'build_failed', ref: '', build_token: true });
  } finally {
    await rm(folder, { recursive: true });
  }
});
