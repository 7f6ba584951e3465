/** What Ctrl-C does to the process itself. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchProcess } from '../../../src/commands/process.ts';

let watched: ReturnType<typeof watchProcess>;
const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  watched = watchProcess();
});
afterEach(() => {
  watched.end();
  exit.mockClear();
  vi.useRealTimers();
});

test('the first aborts, one that is passed on at once is the same, and the second does not wait', () => {
  process.emit('SIGINT');
  expect(watched.signal.reason).toMatchObject({ code: 'interrupted' });
  vi.advanceTimersByTime(400);
  process.emit('SIGINT');
  expect(exit).not.toHaveBeenCalled();
  vi.advanceTimersByTime(200);
  process.emit('SIGINT');
  expect(exit).toHaveBeenCalledExactlyOnceWith(130);
});

test('one that comes after somebody went away does not wait', () => {
  process.stdout.emit('error', Object.assign(new Error('EPIPE'), { code: 'EPIPE' }));
  expect(watched.signal.reason).toMatchObject({ code: 'terminated' });
  process.emit('SIGTERM');
  expect(exit).toHaveBeenCalledExactlyOnceWith(143);
});
