/** What the proxy asks and tells for every request, so cheaply that it can: where a session is, that it was used. */

import type { SessionTarget } from '../session-target.ts';
import type { Launcher } from '../sessions.ts';
import type { SessionClaims } from './session-claims.ts';

/** What is known of where a session answers is looked up again after this time. */
const TARGET_KEPT = 5000;

export class SessionUse {
  readonly #launcher: Launcher;
  readonly #claims: SessionClaims;
  readonly #targets = new Map<string, { until: number; target: Promise<SessionTarget | undefined> }>();
  /** When sessions were used, as far as Redis was not told yet. */
  #used = new Map<string, number>();

  constructor(launcher: Launcher, claims: SessionClaims) {
    this.#launcher = launcher;
    this.#claims = claims;
  }

  /** Where a session answers; undefined when there is none of that name that runs. */
  target(name: string): Promise<SessionTarget | undefined> {
    const kept = this.#targets.get(name);
    if (kept && kept.until > Date.now()) return kept.target;
    const target = this.#launcher.find(name).then((found) => (found?.launchId ? found.target : undefined));
    // What is not there is not remembered: anybody may ask for any name.
    const forget = () => this.forget(name);
    target.then((found) => found ?? forget(), forget);
    this.#targets.set(name, { until: Date.now() + TARGET_KEPT, target });
    return target;
  }

  /** The session has ended, or without a name perhaps any: its port may be another's soon. */
  forget(name?: string): void {
    if (name === undefined) this.#targets.clear();
    else this.#targets.delete(name);
  }

  touch(name: string): void {
    this.#used.set(name, Date.now());
  }

  /** Milliseconds since 1970, of any process. */
  async lastUse(name: string): Promise<number> {
    return Math.max(this.#used.get(name) ?? 0, await this.#claims.activityOf(name));
  }

  /** Tells Redis what was used since the last time. */
  async flush(): Promise<void> {
    const used = this.#used;
    this.#used = new Map();
    try {
      await this.#claims.noteActivity(used);
    } catch (error) {
      for (const [name, time] of used) if (!this.#used.has(name)) this.#used.set(name, time);
      throw error;
    }
  }
}
