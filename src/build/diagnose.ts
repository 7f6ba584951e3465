/** Turns the last lines of a failed step into an error that says what happened and what to do. */
import { type ErrorCode, SlipwayError } from '../errors.ts';
import { ageFault } from './age-faults.ts';
import { compileFault } from './compile-faults.ts';
import type { Failure } from './journal.ts';

/** Lines that an error quotes, and in which the causes are looked for. */
const QUOTED = 20;
const LOOKED_AT = 150;

/** What a rule found in the log. */
export interface Finding {
  code: ErrorCode;
  /** Goes on after `The step "…" failed: `. */
  reason: string;
  hint: string;
  /** Lines to quote instead of the last ones. */
  quote?: string[];
}

type Rule = (lines: readonly string[], exitCode: number | undefined) => Finding | undefined;

/** First group of every match in the lines, each once. */
function all(lines: readonly string[], pattern: RegExp): string[] {
  return [...new Set(lines.flatMap((line) => pattern.exec(line)?.slice(1).find(Boolean) ?? []))];
}

function has(lines: readonly string[], pattern: RegExp): boolean {
  return lines.some((line) => pattern.test(line));
}

const outOfMemory: Rule = (lines, exitCode) => {
  if (exitCode !== 137 && !has(lines, /\bKilled signal terminated program\b|^\S*:? ?(?:line \d+: +\d+ )?Killed\b/))
    return;
  return {
    code: 'build_out_of_memory',
    reason: 'it was killed, as builds had used up their memory',
    hint: 'Install less at once or use packages that come ready-built; the operator can raise SLIPWAY_BUILD_MEMORY.',
  };
};

/** What builds may have of memory and processes is shared: a hog can keep the steps of another from starting. */
const engineBusy: Rule = (lines) => {
  if (!/^runc run failed: unable to start container process/.test(lines.at(-1) ?? '')) return;
  return {
    code: 'engine_busy',
    reason: 'the engine could not start it, as builds beside it had used up memory or processes',
    hint: 'Try again; SLIPWAY_BUILD_MEMORY and SLIPWAY_BUILD_PIDS say how much all builds may have together.',
  };
};

/** Whether BuildKit asked for a build's context a second time, as it does when its cache is pruned while it takes that in. */
export function isContextLost({ message }: Failure): boolean {
  return /"http:\/\/build-context-\w+": context not found\s*$/.test(message);
}

const CONTEXT_LOST: Finding = {
  code: 'engine_busy',
  reason: 'the engine has lost what the build is made of, as its cache was cleared meanwhile',
  hint: 'Try again.',
};

const diskFull: Rule = (lines) => {
  if (!has(lines, /No space left on device|Disk quota exceeded/i)) return;
  return {
    code: 'disk_full',
    reason: 'there is no space left on the disk of the engine',
    hint: 'Remove images that nobody needs (docker image prune, docker builder prune), then try again.',
  };
};

const noSuchPython: Rule = (lines) => {
  const [version] = all(lines, /^slipway: there is no download of Python (\S+)/);
  if (version === undefined) return;
  return {
    code: 'package_not_found',
    reason: `neither uv nor the mirror of Pythons has Python ${version}`,
    hint: 'Ask for another one in runtime.txt; the operator can say in SLIPWAY_PYTHONS which there are.',
  };
};

/** uv's explanation from its first line to its last: it is the best there is, and cut short it misleads. */
function explanation(lines: readonly string[]): string[] {
  const start = lines.findLastIndex((line) =>
    /No solution found when resolving|ResolutionImpossible|Cannot install .* because/.test(line),
  );
  const from = lines.findLastIndex((line) => /Cannot install .* because these package versions/.test(line));
  const first = from >= 0 ? from : start;
  return first < 0 ? [] : lines.slice(first, first + 100);
}

const noSuchPackage: Rule = (lines) => {
  const names = [
    ...all(lines, /(\S+) was not found in the package registry/),
    ...all(lines, /there (?:is no version|are no versions) of (\S+?)[,.]? /),
    ...all(lines, /No matching distribution found for (.+?)(?: \(from .*\))?$/),
    ...all(lines, /E: Unable to locate package (\S+)/),
    ...all(lines, /E: Package '(\S+)' has no installation candidate/),
    ...all(lines, /E: Version '.*' for '(\S+)' was not found/),
    ...all(lines, /E: Couldn't find any package by (?:glob|regex) '(\S+)'/),
    ...all(lines, /^slipway: there is no conda package (.+) in \S/).flatMap((list) => list.split(', ')),
    ...all(lines, /could not find subdir '[^']*' in channel '([^']+)'/).map(
      (url) => `of the channel ${url}, which is not there`,
    ),
    ...all(lines, /npm (?:ERR!|error) 404 +'(\S+?)' is not in/).map((name) => name.replace(/@\*$/, '')),
  ];
  const distinct = [...new Set(names)];
  if (distinct.length === 0) return;
  const list = distinct.slice(0, 10).join(', ');
  return {
    code: 'package_not_found',
    reason: `there is no package ${list}`,
    hint: 'Check the spelling and the version; packages are taken as of a day (see the plan), so a later version may not be there yet, and its authors may have removed an old one.',
  };
};

/** uv says so of a package that was asked for; within a longer explanation it is one reason among others. */
function saysNoSuch(lines: readonly string[]): boolean {
  if (has(lines, /was not found in the package registry|^slipway: there is no conda package|could not find subdir/))
    return true;
  return has(lines, /there (?:is no version|are no versions) of/) && !has(lines, / depends on /);
}

/** Said when later days have been tried, too. */
const otherHashes: Rule = (lines) => {
  const [name] = all(lines, /^slipway: no file of (\S+) in the index has a hash that is declared/);
  if (name === undefined) return;
  return {
    code: 'build_failed',
    reason: `no file of ${name} in the index has a hash that is declared for it`,
    hint: 'Have its tool write the lock anew. If the hashes were right once, the files have been exchanged since.',
  };
};

const conflict: Rule = (lines) => {
  const isApt = has(lines, /^E: Unable to correct problems, you have held broken packages|unmet dependencies/);
  const quote = isApt ? lines.slice(-QUOTED) : explanation(lines);
  if (quote.length === 0) return;
  return {
    code: 'version_conflict',
    reason: 'no set of versions fits everything that is asked for',
    hint: 'Loosen or remove one of the versions that the explanation names.',
    quote: [...quote],
  };
};

const UPSTREAM =
  /Could not resolve|Temporary failure (?:in name resolution|resolving)|failed to lookup address|dns error|Connection (?:refused|reset|timed out)|Could(?: not|n't) connect to|Failed to connect to|Failed to establish a new connection|Network is unreachable|No route to host|Read timed out|operation timed out|Connection broken|HTTP status server error|HTTP (?:Error|error) 5\d\d|\b50[0234] (?:Internal Server Error|Bad Gateway|Service (?:Temporarily )?Unavailable|Gateway Time-?out)|ETIMEDOUT|ECONNRESET|ECONNREFUSED|EAI_AGAIN|429 Too Many Requests|Hash Sum mismatch|certificate verify failed|invalid peer certificate|TLS handshake/i;

const upstream: Rule = (lines) => {
  // Near the end only: a failed attempt that was repeated with success is not what it ended of.
  const line = lines.slice(-40).findLast((text) => UPSTREAM.test(text));
  if (line === undefined) return;
  const where = /https?:\/\/([^/\s)]+)/.exec(
    lines.findLast((text) => /(?:fetch|get|download).*https?:\/\//i.test(text)) ?? line,
  )?.[1];
  return {
    code: 'build_upstream',
    reason: `${where ? `${where.replace(/^[^@]*@/, '')}, from which it takes packages,` : 'a server from which it takes packages'} could not be reached`,
    hint: 'Try again later; slipway doctor says whether the mirrors answer and their certificates are trusted.',
  };
};

/** In this order: what is certain comes before what may have been said by the way. */
const RULES: readonly Rule[] = [
  engineBusy,
  outOfMemory,
  diskFull,
  noSuchPython,
  otherHashes,
  // A source that cannot be reached makes uv say that there is no solution, too.
  (lines) =>
    has(lines, /^slipway: the package index or a package's source did not answer/)
      ? upstream(lines, undefined)
      : undefined,
  (lines) => (saysNoSuch(lines) ? noSuchPackage(lines, undefined) : undefined),
  conflict,
  (lines) => ageFault(lines),
  (lines) => compileFault(lines),
  upstream,
  noSuchPackage,
];

/** The error for a step that failed; `build_failed` when no rule fits. */
export function diagnose(failure: Failure): SlipwayError {
  const exitCode = /exit code: (\d+)/.exec(failure.message)?.[1];
  const lines = failure.lines.slice(-LOOKED_AT);
  const found = RULES.reduce<Finding | undefined>(
    (finding, rule) => finding ?? rule(lines, exitCode === undefined ? undefined : Number(exitCode)),
    isContextLost(failure) ? CONTEXT_LOST : undefined,
  );
  const said = exitCode === undefined ? failure.message : `it ended with exit code ${exitCode}`;
  const quote = found?.quote ?? failure.lines.slice(-QUOTED);
  const message = `The step "${failure.step}" failed: ${found?.reason ?? said}.\n${quote.map((line) => `  ${line}`).join('\n')}`;
  return new SlipwayError(found?.code ?? 'build_failed', message.trimEnd(), {
    hint: found?.hint ?? 'The last lines of the step say what went wrong; the log has all of them.',
  });
}
