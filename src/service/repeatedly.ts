/** Looking after something again and again. */
import type { Logger } from 'pino';

/** One at a time; a fault is logged, and it is tried again. Keeps no process alive. */
export function repeatedly(step: () => Promise<void>, pause: number, log: Logger): NodeJS.Timeout {
  let runs = false;
  const tick = async () => {
    if (runs) return;
    runs = true;
    await step().catch((err: unknown) => log.warn({ err }, 'sessions could not be looked after'));
    runs = false;
  };
  return setInterval(tick, pause).unref();
}
