/** `slipway launch`: from a repository to a session that answers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, loadConfig } from '../config.ts';
import { toSlipwayError } from '../errors.ts';
import type { Session } from '../types.ts';
import { openBrowser } from './browser.ts';
import {
  type Arguments,
  type Command,
  type Io,
  JSON_OPTION,
  REPO_DETAILS,
  REPO_OPTIONS,
  repoRequest,
} from './command.ts';
import { report, translate } from './failure.ts';
import { landingPath } from './landing.ts';
import { withProgress } from './progress.ts';
import { STAGES } from './stages.ts';
import { painter } from './text.ts';

/** Time that a browser has to read the page that leads it to the session. */
const BROWSER_TIME = 5000;

function announce(session: Session, isDetached: boolean, io: Io): void {
  const isTerminal = Boolean((io.stderr as NodeJS.WriteStream).isTTY) && !io.terminal.isDumb;
  const paint = painter(isTerminal && !io.terminal.noColor);
  const how = isDetached ? `Stop it with: slipway stop ${session.id}` : 'Ctrl-C stops and removes it.';
  io.stderr.write(`\n${paint.green('The session is ready')} and opens at\n\n`);
  io.stdout.write(`${session.link}\n`);
  io.stderr.write(`\n${how}\n`);
}

async function openFor(session: Session, args: Arguments, config: Config, io: Io): Promise<void> {
  const { isCi, hasDisplay } = io.terminal;
  if (args.switches.has('no-open') || args.switches.has('json') || isCi || !hasDisplay) return;
  const clear = await openBrowser(session.link, session.id, config.SLIPWAY_DATA);
  const cleared = sleep(BROWSER_TIME, undefined, { signal: io.signal })
    .catch(() => undefined)
    .then(clear);
  cleared.catch(() => undefined);
  // Attached, the session outlives the page; detached, nobody else would remove it.
  if (args.switches.has('detach')) await cleared;
}

/** Waits until the session ends. Ctrl-C ends it, and is thrown on; a server shut down from its own menu is no fault. */
async function attend(session: Session, config: Config, io: Io): Promise<void> {
  const { followSession, stopSession } = await import('../sessions.ts');
  try {
    const end = await followSession(session, config, io.signal);
    if (end) throw end;
    io.stderr.write('The session has ended.\n');
  } finally {
    await stopSession(session.id, config).catch((error) => {
      if (toSlipwayError(error).code !== 'session_not_found') throw error;
    });
  }
}

export const command: Command = {
  name: 'launch',
  summary: 'build what is missing, start a session and open it',
  operands: '<repo>',
  count: { min: 1, max: 1 },
  details: `${REPO_DETAILS}\nThe address of the session, with its token, is all that goes to standard output.`,
  options: [
    ...REPO_OPTIONS,
    {
      name: 'urlpath',
      value: 'PATH',
      meaning: 'what opens: a notebook of the repository, lab/tree/…, tree/…, doc/tree/…',
    },
    { name: 'detach', short: 'd', meaning: 'leave the session running and return' },
    { name: 'no-open', meaning: 'do not open a browser' },
    JSON_OPTION,
  ],
  examples: [
    { line: 'slipway launch https://github.com/binder-examples/requirements', meaning: 'until you press Ctrl-C' },
    { line: 'slipway launch gh/org/name/v1.0 --urlpath index.ipynb', meaning: 'a tag, and a notebook of it' },
    { line: 'slipway launch . --detach --json', meaning: 'for programs; slipway stop ends it' },
  ],
  async run(args, io) {
    const config = loadConfig();
    const { launchRepo } = await import('../pipeline.ts');
    const isJson = args.switches.has('json');
    const isDetached = args.switches.has('detach');
    const { urlpath } = args.values;
    const request = { ...repoRequest(args), ...(urlpath !== undefined && { urlpath: landingPath(urlpath) }) };
    const options = { isJson, stages: STAGES, dataFolder: config.SLIPWAY_DATA };
    const session = await withProgress(io, options, (emit) =>
      launchRepo(request, { config, emit, signal: io.signal, allowLocal: true }),
    );
    if (!isJson) announce(session, isDetached, io);
    const opened = openFor(session, args, config, io);
    // A browser that cannot be opened ends no session; it is told when that has ended.
    opened.catch(() => undefined);
    try {
      if (!isDetached) await attend(session, config, io);
    } catch (thrown) {
      // How a session is ended; programs, which were told that it is ready, are not told that it failed.
      if (io.signal.aborted) return report(translate(thrown, io.signal), false, io);
      throw thrown;
    }
    await opened;
    return 0;
  },
};
