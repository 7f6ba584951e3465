/** A request that came from outside, checked whole before anything is done for it. */
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { createNetwork } from '../network.ts';
import { resolveInside } from '../paths.ts';
import { checkUrlpath, readSpec } from '../pipeline.ts';
import type { RepoSpec } from '../types.ts';
import { checkPolicy } from './policy.ts';
import type { Client, LaunchRequest } from './types.ts';

/** All that is kept of a request. */
export interface Checked {
  spec: RepoSpec;
  subdir: string;
  urlpath?: string;
  buildOnly: boolean;
  refresh: boolean;
}

const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029]/u;
const LONGEST = { subdir: 500, urlpath: 2000 };

function refuseOdd(text: string, what: keyof typeof LONGEST): void {
  if (UNSEEN.test(text)) throw new SlipwayError('bad_spec', `The ${what} holds invisible or control characters.`);
  if (text.length > LONGEST[what])
    throw new SlipwayError('bad_spec', `The ${what} is longer than ${LONGEST[what]} characters.`);
}

/** One spelling of a folder, which is part of keys. */
function checkedSubdir(given: string): string {
  refuseOdd(given, 'subdir');
  const subdir = resolveInside('', given.replace(/^\/+|\/+$/g, ''));
  if (subdir !== undefined) return subdir;
  throw new SlipwayError('bad_spec', 'The sub-folder leads out of the repository.', {
    hint: 'Give a folder of the repository, for example docs/examples.',
  });
}

function checkedUrlpath(urlpath: string | undefined): string | undefined {
  if (urlpath === undefined) return undefined;
  refuseOdd(urlpath, 'urlpath');
  checkUrlpath(urlpath);
  return urlpath;
}

/** What a request means, by itself. @throws bad_spec, bad_urlpath */
export function readAsked(request: LaunchRequest): Pick<Checked, 'spec' | 'subdir' | 'urlpath'> {
  const { urlpath: linked, ...spec } = readSpec(request, false);
  const urlpath = checkedUrlpath(request.urlpath || linked);
  return { spec, subdir: checkedSubdir(request.subdir ?? ''), ...(urlpath !== undefined && { urlpath }) };
}

/**
 * Understands a request and refuses what may not be; nothing is looked up.
 * @throws bad_spec, bad_urlpath, host_not_allowed, repo_banned, client_banned
 */
export function checkRequest(request: LaunchRequest, client: Client, config: Config): Checked {
  const { spec, subdir, urlpath } = readAsked(request);
  createNetwork(config).checkUrl(new URL(spec.cloneUrl));
  checkPolicy(spec, client, config);
  const buildOnly = request.buildOnly ?? false;
  if (buildOnly && config.SLIPWAY_BUILD_ONLY === 'off' && !client.isOperator) {
    throw new SlipwayError('repo_banned', 'Builds without a session are switched off here.', {
      hint: 'Launch the repository instead.',
    });
  }
  return {
    spec,
    subdir,
    ...(urlpath !== undefined && { urlpath }),
    buildOnly,
    refresh: request.refresh ?? false,
  };
}
