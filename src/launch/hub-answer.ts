/** What a server answers that a hub calls ready: whether it is the one that was asked for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '../errors.ts';
import { MARK } from '../image-mark.ts';
import type { Session } from '../types.ts';
import type { HubAnswer, HubClient } from './hub-client.ts';

/** Time for the hub's proxy to know a server that the hub calls ready. */
const PROXY_TIME = 10_000;
/** Where the Pythons of all our images are, so that each has a kernel there. */
const OUR_KERNEL = /^\/srv\/(?:env|jupyter)\//;

/**
 * Waits until a server that the hub calls ready takes our token behind the hub's proxy, and looks whether it runs the
 * image that was asked for. What cannot be told is taken for right.
 * @throws hub_spawner_unfit, hub_image_ignored, session_timeout
 */
export async function untilAnswer(hub: HubClient, session: Session, signal: AbortSignal): Promise<void> {
  const { url, token } = session;
  const asked: Asked = (path) => hub.askServer(url + path, token, signal);
  const end = Date.now() + PROXY_TIME;
  for (;;) {
    // At once, as a reader waits for both.
    const [answer, mark] = await Promise.all([asked('api/status'), asked(`api/config/${MARK}`)]);
    const status = answer?.status;
    // An address that only browsers reach: then the hub's word is all there is.
    if (status === undefined) return;
    if (status === 200) return checkImage(session, bodyOf(mark), asked);
    if (status === 401 || status === 403 || (status >= 300 && status < 400)) throw notOurs();
    if (Date.now() > end) {
      throw new SlipwayError('session_timeout', `The hub calls the server ready, but ${url} answers ${status}.`, {
        hint: 'SLIPWAY_HUB_URL has to be the address of the proxy that the hub tells of its servers.',
      });
    }
    await sleep(50, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

type Asked = (path: string) => Promise<HubAnswer | undefined>;

function bodyOf(answer: HubAnswer | undefined): unknown {
  return answer?.status === 200 ? answer.body : undefined;
}

/** The hub's API tells what was asked of a spawner, never what it did: only the server knows which image it is in. */
async function checkImage({ image, commit }: Session, mark: unknown, asked: Asked): Promise<void> {
  // No server of Jupyter's, or one that is not asked such things.
  if (!isObject(mark) || mark.commit === commit) return;
  if (typeof mark.commit === 'string') throw ignored(image, 'it has the files of another commit');
  // Images from before there was a mark, and those over which a hub mounts something, show by their kernels that they are ours.
  const kernels = commandsOf(bodyOf(await asked('api/kernelspecs')));
  if (kernels.length > 0 && !kernels.flat().some((word) => OUR_KERNEL.test(String(word))))
    throw ignored(image, 'it has no kernel of an image of ours');
}

/** The command of each kernel; none when the answer is no list of kernels. */
function commandsOf(answer: unknown): unknown[][] {
  const all = isObject(answer) && isObject(answer.kernelspecs) ? Object.values(answer.kernelspecs) : [];
  return all.flatMap((one) =>
    isObject(one) && isObject(one.spec) && Array.isArray(one.spec.argv) ? [one.spec.argv] : [],
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A spawner that ignores the options starts something else, which knows nothing of our token. */
function notOurs(): SlipwayError {
  const message = 'The hub has started a server, but not the one that was asked for: it does not take the token.';
  return new SlipwayError('hub_spawner_unfit', message, {
    hint: 'Its spawner ignores image and token of user_options: put k8s/hub/slipway_hub.py into its configuration.',
  });
}

function ignored(image: string, why: string): SlipwayError {
  const message = `The hub has started a server, but not of the image ${image}: ${why}.`;
  return new SlipwayError('hub_image_ignored', message, {
    hint: 'Its spawner takes the token of user_options and not the image, as when a profile sets one: put k8s/hub/slipway_hub.py into its configuration.',
  });
}
