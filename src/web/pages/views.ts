/** What the pages are told. Plain data; the renderers decide the words. */

import type { EndReason } from '../../service/session-claims.ts';
import type { Failure, LaunchRecord, LaunchRequest, RecentLaunch, StoredDocument } from '../../service/types.ts';
import type { RepoSpec } from '../../types.ts';

/** The operator's own: made once at start from the settings, see createSite. */
export interface Site {
  name: string;
  /** The operator gave it a name. */
  hasOwnName: boolean;
  /** Public address of the service without a slash at its end. */
  baseUrl: string;
  /** Path of the operator's picture, which is among `files`. */
  logo?: string;
  /** HTML, made from the operator's Markdown. */
  banner?: string;
  about?: string;
  /** What the front page offers to try. */
  example: string;
  /** Images go to a registry. */
  publishes: boolean;
  /** Whether FrontView.recent is wanted. */
  showsRecent: boolean;
  /** Whole style sheet of the pages; stands in each page, so that the first paint needs one request. */
  style: string;
  /** The same for documents of repositories. */
  documentStyle: string;
  /** Everything that browsers are given beside pages, by the path under which it is served. */
  files: ReadonlyMap<string, Asset>;
  /** Name in the sources → path under which it is served. */
  asset(name: string): string;
}

export interface FrontView {
  /** Signed and short-lived: sent as `x-build-token` with previews. */
  token?: string;
  /** What the form held, when it comes back with a problem. */
  repo?: string;
  ref?: string;
  path?: string;
  problem?: { message: string; hint?: string };
  /** Newest first; absent where the operator shows none. */
  recent?: RecentLaunch[];
}

export interface LaunchView {
  /** What `POST /api/v1/launches` is sent. */
  request: LaunchRequest;
  spec: RepoSpec;
  /** `/v2/<provider>/<spec>` with its query, as the address bar has it: where the form without script posts to. */
  path: string;
  /** Signed and short-lived: sent as `x-build-token`, or as the field `token` of the form. */
  token: string;
  /** Without script, `GET /launches/<id>` renders where that launch is now, and the page reloads itself. */
  launch?: LaunchRecord & {
    /** What the browser opens once it is ready. */
    link?: string;
    /** Why there is nothing to open any more. */
    over?: Over;
  };
}

/** Why a session is over; `unknown` when that was longer ago than it is remembered. */
export type Over = EndReason | 'unknown';

export interface ErrorView {
  status: number;
  failure: Pick<Failure, 'code' | 'message' | 'hint' | 'blame'>;
}

/** There is no session under an address, or it does not answer. */
export interface GoneView {
  isThere: boolean;
  reason?: EndReason;
  /** Path of the service that launches the same again. */
  again?: string;
}

/** A file of the repository, shown while one waits; the ending of its path says what it is. */
export type DocumentView = StoredDocument;

export type BadgeState = 'static' | 'ready' | 'unknown' | 'failed';

/** A file that browsers are given. Paths of our own carry a hash of their bytes, so they may be kept for ever. */
export interface Asset {
  /** As served, beginning with `/`. */
  path: string;
  type: string;
  bytes: Buffer;
  /** The same in brotli, unless that is no smaller. */
  brotli?: Buffer;
  /** Quoted, strong. */
  etag: string;
  immutable: boolean;
}
