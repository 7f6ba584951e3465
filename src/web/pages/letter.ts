/** A failure as a letter: what happened, whose turn it is, how to mend it. For the server and the browser alike. */
import { type Blame, ERRORS, type ErrorCode, type Stage } from '../../errors.ts';

export interface Letter {
  /** Who has to act; also chooses the colour. */
  turn: 'you' | 'author' | 'operator' | 'time' | 'us';
  whose: string;
  title: string;
  what: string;
  /** The rest of the message: lines of the log. */
  more: string;
  who: string;
  how: string;
}

export interface Failed {
  code: string;
  message: string;
  hint?: string | undefined;
  blame?: Blame | undefined;
}

const TITLES: Record<Stage, string> = {
  setup: 'The service is not set up',
  resolve: 'The repository was not found',
  fetch: 'The repository could not be fetched',
  detect: 'One of its files cannot be used',
  plan: 'What it asks for cannot be planned',
  build: 'The environment could not be built',
  publish: 'The image could not be published',
  launch: 'The session did not start',
  queue: 'This has to wait',
  usage: 'That did not work',
};

const OWN_TITLES: Record<string, string> = {
  bad_spec: 'This is not a link to a repository',
  bad_urlpath: 'The link opens something outside of the session',
  ref_not_found: 'There is no such branch, tag or commit',
  ref_ambiguous: 'Several commits could be meant',
  repo_empty: 'The repository is empty',
  doi_without_repo: 'This DOI leads to no Git repository',
  host_not_allowed: 'That host is not allowed here',
  host_unreachable: "The repository's host does not answer",
  host_rate_limited: "The repository's host asks us to wait",
  build_timeout: 'The build took too long',
  build_upstream: 'Packages could not be downloaded',
  disk_full: 'There is no space left',
  internal: 'Something went wrong',
  not_found: 'There is nothing here',
};

const WHOSE: Record<Letter['turn'], string> = {
  you: 'Your turn',
  author: "The author's turn",
  operator: "The operator's turn",
  time: "Nobody's turn: wait a little",
  us: 'Our turn',
};

function turnOf(stage: Stage, blame: Blame): Letter['turn'] {
  if (blame === 'operator') return 'operator';
  if (blame === 'upstream') return 'time';
  if (blame === 'bug') return 'us';
  return stage === 'resolve' || stage === 'usage' || stage === 'queue' ? 'you' : 'author';
}

function whoOf(turn: Letter['turn'], repo: string | undefined): string {
  switch (turn) {
    case 'you':
      return 'You can: the link or the request has to change.';
    case 'author':
      return `Whoever looks after ${repo ?? 'the repository'}. If that is you: change the file, commit, and try again.`;
    case 'operator':
      return 'Whoever runs this service. Nothing is wrong with your link.';
    case 'time':
      return 'Nobody has to: something elsewhere did not answer. It usually passes by itself; try again in a few minutes.';
    case 'us':
      return 'Slipway itself is at fault, not you and not the repository. Trying again may help; telling the operator does.';
  }
}

/** @param repo as people call it, e.g. `org/repo` */
export function letterOf(failed: Failed, repo?: string): Letter {
  const kind = Object.hasOwn(ERRORS, failed.code) ? ERRORS[failed.code as ErrorCode] : ERRORS.internal;
  const turn = failed.code === 'bad_urlpath' ? 'you' : turnOf(kind.stage, failed.blame ?? kind.blame);
  const [what = '', ...more] = failed.message.trim().split('\n');
  return {
    turn,
    whose: WHOSE[turn],
    title: OWN_TITLES[failed.code] ?? TITLES[kind.stage],
    what,
    more: more.join('\n').replace(/^\n+/, ''),
    who: whoOf(turn, repo),
    how: failed.hint ?? '',
  };
}

/** Address of a new issue with its text filled in, for hosts that have such a page. */
export function issueLink(spec: { provider: string; canonicalUrl: string }, failed: Failed, page: string): string {
  const title = failed.message.trim().split('\n')[0]?.slice(0, 120) ?? '';
  const body = [
    'Launching this repository failed:',
    ['```', failed.message.trim().slice(0, 3000), '```'].join('\n'),
    ...(failed.hint ? [`What may help: ${failed.hint}`] : []),
    `Link: ${page}`,
  ].join('\n\n');
  if (spec.provider === 'gh')
    return `${spec.canonicalUrl}/issues/new?${new URLSearchParams({ title, body }).toString()}`;
  if (spec.provider !== 'gl') return '';
  const fields = new URLSearchParams({ 'issue[title]': title, 'issue[description]': body });
  return `${spec.canonicalUrl}/-/issues/new?${fields.toString()}`;
}
