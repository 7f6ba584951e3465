/** What git says when it fails, as an error of ours. */
import { type ErrorCode, SlipwayError } from '../errors.ts';
import { shown } from '../paths.ts';
import { fullDisk } from './full-disk.ts';

interface Rule {
  says: RegExp;
  code: ErrorCode;
  message: (host: string) => string;
  hint: string;
}

const TOO_OFTEN: Rule = {
  says: /returned error: 429|Too Many Requests/i,
  code: 'host_rate_limited',
  message: (host) => `${host} says that it was asked too often.`,
  hint: 'Try again in some minutes.',
};

/** First match wins; the words are those of git with LC_ALL=C. */
const RULES: readonly Rule[] = [
  TOO_OFTEN,
  {
    says: /could not read (Username|Password)|Authentication failed|returned error: (401|403|404|410)|repository '.*' not found|Repository not found|access denied/i,
    code: 'repo_not_found',
    message: (host) => `The repository does not exist on ${host}, or it is private.`,
    hint: 'Check the spelling; only public repositories can be launched.',
  },
  {
    says: /is this a git repository|not a git repository|does not appear to be a git repository|invalid server response|not valid:|protocol error: bad line length|info\/refs not valid/i,
    code: 'not_git',
    message: (host) => `What ${host} answers at this address is not a git repository.`,
    hint: 'Give the URL that `git clone` takes.',
  },
  {
    says: /transport '.*' not allowed|Unsupported protocol|Protocol "?\w+"? (not supported|disabled)/i,
    code: 'host_not_allowed',
    message: (host) => `${host} leads to an address that is neither http nor https.`,
    hint: 'Only https is followed, and http to hosts that SLIPWAY_ALLOWED_HOSTS names.',
  },
  {
    says: /SSL|certificate|TLS|gnutls/i,
    code: 'host_unreachable',
    message: (host) => `The certificate of ${host} is not trusted, or the encrypted connection failed.`,
    hint: 'If the host has its own authority, name its PEM file in SLIPWAY_CA_BUNDLE.',
  },
  {
    says: /returned error: 5\d\d|Could not resolve|Failed to connect|Connection (refused|reset|timed out)|unable to access|Empty reply|hung up|early EOF|RPC failed|unexpected disconnect/i,
    code: 'host_unreachable',
    message: (host) => `${host} did not answer as a git server should.`,
    hint: 'Try again later.',
  },
];

/** Turns git's failure into an error whose code says who can mend it; `fallback` when nothing is recognised. */
export function gitError(thrown: unknown, host: string, fallback: ErrorCode): SlipwayError {
  if (thrown instanceof SlipwayError) return thrown;
  const full = fullDisk(thrown);
  if (full) return full;
  const words = String((thrown as Error)?.message ?? thrown);
  const rule = RULES.find(({ says }) => says.test(words));
  if (rule) return new SlipwayError(rule.code, rule.message(shown(host)), { cause: thrown, hint: rule.hint });
  const last = words.trim().split('\n').at(-1) ?? '';
  return new SlipwayError(fallback, `git failed: ${shown(withoutCredentials(last), 300)}`, {
    cause: thrown,
    hint: 'Try again later.',
  });
}

/** @param rest milliseconds that the host wants to be left alone, if it says so */
export function askedTooOften(host: string, rest: number | undefined): SlipwayError {
  const { code, message, hint } = TOO_OFTEN;
  return new SlipwayError(code, message(shown(host)), { hint, retryAfter: rest });
}

/** The server does not hand out a commit by its hash alone. */
export function refusesSha(thrown: unknown): boolean {
  return /unadvertised object|not our ref|couldn't find remote ref|does not support shallow|no such remote ref|expected .* got/i.test(
    String((thrown as Error)?.message),
  );
}

function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^/\s@]*@/g, '//');
}
