/** Sessions of the service and their origin, on a real Redis and images that `slipway build` made. */
import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { type Config, loadConfig } from '../../src/config.ts';
import { Presence } from '../../src/queue/presence.ts';
import { Sessions, type StartWish } from '../../src/service/sessions.ts';
import type { Resolved, Session } from '../../src/types.ts';
import { createSessionOrigin } from '../../src/web/session-origin.ts';
import { freePort, type TestRedis } from './redis.ts';
import { cleanEnvironment } from './slipway.ts';
import type { World } from './world.ts';

export interface SessionsUnderTest {
  sessions: Sessions;
  config: Config;
  /** `http://127.0.0.1:<port>/` of the sessions' origin. */
  origin: string;
  /** Starts a session of the image as a launch of its own. */
  start(more?: Partial<StartWish>): Promise<Session>;
  /** As when the process ends: nothing is stopped, the origin is closed. */
  close(): Promise<void>;
}

/** A launch's id. */
export const newLaunchId = () => randomBytes(16).toString('hex');

export function resolvedOf(url: string, commit: string): Resolved {
  const spec = { provider: 'git' as const, name: encodeURIComponent(url), cloneUrl: url, canonicalUrl: url };
  return { spec, ref: 'HEAD', commit };
}

/** @param image what a session is started from unless the test says otherwise */
export async function openSessions(
  world: World,
  redis: TestRedis,
  given: { image: string; resolved: Resolved },
  settings: Record<string, string> = {},
): Promise<SessionsUnderTest> {
  const port = (await freePort()) - 1;
  const config = loadConfig(
    cleanEnvironment({ ...world.settings, REDIS_URL: redis.url, SLIPWAY_PORT: String(port), ...settings }),
  );
  const link = await redis.link();
  const presence = new Presence(link);
  const self = `test-${randomBytes(4).toString('hex')}`;
  const away = await presence.heartbeat(self);
  const log = pino({ level: 'silent' });
  const sessions = await Sessions.open({ config, redis: link, presence, self, log });
  const app = await createSessionOrigin(sessions, config, log);
  await app.listen({ host: '127.0.0.1', port: port + 1 });
  return {
    sessions,
    config,
    origin: `http://127.0.0.1:${port + 1}/`,
    start: (more = {}) =>
      sessions.start({
        ...given,
        launchId: newLaunchId(),
        client: '192.0.2.7',
        emit: () => {},
        signal: new AbortController().signal,
        ...more,
      }),
    async close() {
      await app.close();
      await sessions.close();
      await away();
    },
  };
}
