/** The event that BinderHub's clients wait for. */
import type { Config } from '../config.ts';
import { binderVariables } from '../sessions.ts';
import type { Resolved, Session } from '../types.ts';
import type { Client } from './types.ts';

/** Its keys are in BinderHub's order, ours behind them. The token goes to this launch's stream alone. */
export function readyEvent(session: Session, resolved: Resolved, client: Client, config: Config): object {
  const facts = binderVariables(resolved, session.id, config);
  return {
    phase: 'ready',
    message: `server running at ${session.url}\n`,
    image: session.image,
    repo_url: facts.BINDER_REPO_URL,
    token: session.token,
    binder_ref_url: facts.BINDER_REF_URL,
    binder_launch_host: facts.BINDER_LAUNCH_HOST,
    binder_request: facts.BINDER_REQUEST,
    binder_persistent_request: facts.BINDER_PERSISTENT_REQUEST,
    binder_client_ip: client.address,
    url: session.url,
    session: session.id,
    link: session.link,
  };
}
