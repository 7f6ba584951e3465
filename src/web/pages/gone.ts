/** What became of a session, as a letter. */
import type { Letter } from './letter.ts';
import type { GoneView, Over } from './views.ts';

const WHAT: Record<Over, string> = {
  idle: 'Nobody used it for a while, so it was ended to make room.',
  age: 'It had reached the greatest age that a session may have.',
  disk: 'It had filled all the disk space that a session may use.',
  out_of_memory: 'It needed more memory than a session may use.',
  stopped: 'It was stopped.',
  ended: 'Its server was shut down.',
  abandoned: 'It did not come up in time.',
  unknown: 'It was ended a while ago.',
};

const LOST = 'What was not downloaded is lost: sessions keep nothing.';

/** Why a session is over, in one line: there is room for no more where it is said while a launch is shown. */
export function whyOver(over: Over): string {
  return WHAT[over];
}

export function goneLetter({ isThere, reason }: GoneView): Letter {
  const common = { turn: 'time' as const, more: '', who: 'You' };
  if (isThere) {
    const what = 'It is still there but does not answer. It may be starting, or have all its memory in use.';
    return {
      ...common,
      whose: 'Wait a little',
      title: 'The session does not answer',
      what,
      how: 'Reload in a moment.',
    };
  }
  const what = reason === undefined ? 'It has ended, or this address was never that of a session.' : WHAT[reason];
  const how =
    reason === undefined ? 'Open the link that brought you here again.' : 'Launch it again: the image is there.';
  return { ...common, whose: 'Over', title: 'This session has ended', what: `${what} ${LOST}`, how };
}
