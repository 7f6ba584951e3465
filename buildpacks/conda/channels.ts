/** Where conda packages come from: a name, a name with a label, or the URL of a public channel. */
import { fault, type Place, quoted } from './faults.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9][A-Za-z0-9_.-]*)*$/;
const LONGEST = 200;
const HINT = 'Name a public channel, as conda-forge or https://conda.anaconda.org/conda-forge.';

/** The channel, checked; a trailing slash dropped. @throws SlipwayError `bad_environment_file` */
export function channelName(place: Place, text: string): string {
  if (text.length > LONGEST) throw fault(place, `a channel is longer than ${LONGEST} characters.`, HINT);
  const plain = text.trim().replace(/\/+$/, '');
  if (NAME.test(plain) && !plain.includes('..')) return plain;
  const url = /^https?:\/\/[\x21-\x7e]+$/.test(plain) && URL.canParse(plain) ? new URL(plain) : undefined;
  if (url === undefined || /["'`$\\<>{}|;&()]/.test(plain) || url.search !== '' || url.hash !== '')
    throw fault(place, `${quoted(plain)} is no channel.`, HINT);
  // Anaconda's private channels have the token in the path.
  if (url.username !== '' || url.password !== '' || /\/t\/[^/]+/.test(url.pathname)) {
    const hint = 'Remove it (it is public now, so revoke it too) and name a public channel.';
    throw fault(place, 'the URL of its channel holds a password or token.', hint);
  }
  return plain;
}
