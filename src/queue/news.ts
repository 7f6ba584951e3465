/** Short messages between processes. They may be missed while the connection is away: whoever hears is to look as well. */
import type { Redis } from 'ioredis';

type Listener = (message: string) => void;

export class News {
  readonly #connection: Redis;
  readonly #listeners = new Map<string, Set<Listener>>();

  /** @param connection used for nothing else; subscribes again by itself when it comes back */
  constructor(connection: Redis) {
    this.#connection = connection;
    connection.on('message', (channel: string, message: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(message);
    });
  }

  /** Settles when nothing said from then on is missed. */
  async subscribe(channel: string, listener: Listener): Promise<void> {
    const known = this.#listeners.get(channel);
    if (known) known.add(listener);
    else this.#listeners.set(channel, new Set([listener]));
    await this.#connection.subscribe(channel);
  }

  unsubscribe(channel: string, listener: Listener): void {
    const known = this.#listeners.get(channel);
    known?.delete(listener);
    if (known?.size !== 0) return;
    this.#listeners.delete(channel);
    // When the connection has ended there is nothing left to unsubscribe from.
    this.#connection.unsubscribe(channel).catch(() => undefined);
  }
}
