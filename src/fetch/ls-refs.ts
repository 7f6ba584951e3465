/**
 * A look-up of refs in one request of git's protocol 2, without starting git: every launch of a branch makes one.
 * https://git-scm.com/docs/protocol-v2#_ls_refs
 */
import type { IncomingMessage } from 'node:http';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { rateLimit } from '../retry-after.ts';
import { askedTooOften } from './git-errors.ts';
import { ask } from './http.ts';
import type { Online } from './online.ts';

const TYPE = 'application/x-git-upload-pack';
/** Bytes of an answer; a repository with a million refs has less. */
const LIMIT = 2 ** 28;
const FLUSH = '0000';
const DELIMITER = '0001';

/** One packet: four hexadecimal digits of length, themselves counted, and the line. */
function packet(line: string): string {
  return `${(line.length + 5).toString(16).padStart(4, '0')}${line}\n`;
}

const REQUEST = [
  packet('command=ls-refs'),
  packet('agent=slipway'),
  packet('object-format=sha1'),
  DELIMITER,
  packet('peel'),
  FLUSH,
].join('');

/**
 * Every ref of a remote, tags dereferenced; undefined when it does not answer in this way (old protocol, a redirect,
 * an error): git itself is then to be asked, which also has the words for what is wrong.
 * @param authorization who asks, for this host alone: a redirect elsewhere loses it, and git has none
 * @throws host_not_allowed, host_unreachable, host_rate_limited, repo_too_large
 */
export async function lsRefs(
  url: string,
  online: Online,
  config: Config,
  authorization?: string,
): Promise<Map<string, string> | undefined> {
  const headers = {
    ...(authorization !== undefined && { authorization }),
    'content-type': `${TYPE}-request`,
    accept: `${TYPE}-result`,
    'git-protocol': 'version=2',
    'content-length': REQUEST.length,
  };
  const asked = new URL(`${url}/git-upload-pack`);
  try {
    const answer = await ask(online.gate, config, asked, {
      method: 'POST',
      headers,
      body: REQUEST,
      signal: online.signal,
    });
    const isAnswer = answer.statusCode === 200 && answer.headers['content-type'] === `${TYPE}-result`;
    if (isAnswer) return readAnswer(await bodyOf(answer));
    answer.destroy();
    // Asking again is what it complains of.
    const limited = rateLimit(answer.statusCode, answer.headers);
    if (limited) throw askedTooOften(asked.host, limited.rest);
    return undefined;
  } catch (error) {
    if (error instanceof SlipwayError || online.gate.failure() || online.signal.aborted)
      throw online.explain(url, error);
    return undefined;
  }
}

async function bodyOf(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LIMIT) {
      throw new SlipwayError('repo_too_large', 'The repository has too many branches and tags to list.', {
        hint: 'Name the full hash of a commit: then nothing is looked up.',
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Lines `<sha> <ref>[ peeled:<sha>]` in packets up to a flush; undefined for anything else. */
function readAnswer(body: Buffer): Map<string, string> | undefined {
  const refs = new Map<string, string>();
  for (let at = 0; at + 4 <= body.length; ) {
    const digits = body.toString('latin1', at, at + 4);
    if (digits === FLUSH) return refs;
    const length = /^[0-9a-f]{4}$/.test(digits) ? Number.parseInt(digits, 16) : 0;
    if (length < 5 || at + length > body.length) return undefined;
    const line = body.toString('utf8', at + 4, at + length).replace(/\n$/, '');
    const found = /^([0-9a-f]{40}) (\S+)(?: peeled:([0-9a-f]{40}))?$/.exec(line);
    if (!found?.[1] || !found[2]) return undefined;
    refs.set(found[2], found[3] ?? found[1]);
    at += length;
  }
  return undefined;
}
