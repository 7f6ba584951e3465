/**
 * Launches handed over to a hub that readers log in to, which k8s/hub/slipway_hub.py keeps: each is a link, and becomes
 * a server of whoever comes there first, once, unless it is taken back or nobody comes in time.
 */
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import type { HubClient } from './hub-client.ts';
import type { HubServer } from './hub-session.ts';

export class HubLinks {
  readonly #hub: HubClient;
  readonly #config: Config;

  constructor(hub: HubClient, config: Config) {
    this.#hub = hub;
    this.#config = config;
  }

  /** Where its reader goes; a path in the session may be put behind it. */
  address(name: string): string {
    return `${this.#config.SLIPWAY_HUB_URL}/hub/slipway/${name}/`;
  }

  /** @throws hub_spawner_unfit, and what HubClient.ask throws */
  async add(name: string, options: Record<string, string>, signal: AbortSignal): Promise<void> {
    const body = { options, seconds: this.#config.SLIPWAY_HUB_LINK / 1000 };
    const { status } = await this.#hub.ask('PUT', `slipway/${name}`, { body, signal });
    if (status !== 204) throw unfit(status);
  }

  /** Takes a launch back; false when there is none any more. */
  async remove(name: string, signal: AbortSignal): Promise<boolean> {
    const { body } = await this.#hub.ask('DELETE', `slipway/${name}`, { signal });
    return (body as { removed?: boolean } | undefined)?.removed === true;
  }

  /**
   * Launches that are not over, as the servers that they are to become or have become.
   * @throws hub_spawner_unfit, and what HubClient.ask throws
   */
  async list(signal: AbortSignal): Promise<HubServer[]> {
    const { status, body } = await this.#hub.ask('GET', 'slipway/', { signal });
    if (status !== 200) throw unfit(status);
    const links = body as { name: string; began: number; options: Record<string, string> }[];
    return links.map(({ name, began, options }) => {
      const started = new Date(began * 1000).toISOString();
      return { name, ready: false, pending: 'spawn', started, last_activity: started, user_options: options };
    });
  }
}

function unfit(status: number): SlipwayError {
  return new SlipwayError('hub_spawner_unfit', `The hub does not take launches for readers who log in (${status}).`, {
    hint: 'It has to have the k8s/hub/slipway_hub.py of this Slipway in its configuration, and SLIPWAY_LOGIN=on.',
  });
}
