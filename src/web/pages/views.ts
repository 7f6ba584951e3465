/** What the pages are told. Plain data; the renderers decide the words. */
import type { Failure, LaunchRecord, LaunchRequest } from '../../service/types.ts';
import type { RepoSpec } from '../../types.ts';

/** The operator's own: made once at start from the settings, see createSite. */
export interface Site {
  name: string;
  /** Public address of the service without a slash at its end. */
  baseUrl: string;
  /** Path of the operator's picture among the assets. */
  logo?: string;
  /** HTML, made from the operator's Markdown. */
  banner?: string;
  about?: string;
  /** Whole style sheet of the pages; stands in each page, so that the first paint needs one request. */
  style: string;
  /** `'sha256-…'` of it, for the policy. */
  styleHash: string;
  /** Name in the sources → path under which it is served. */
  asset(name: string): string;
}

export interface FrontView {
  /** What the form held, when it comes back with a problem. */
  repo?: string;
  ref?: string;
  path?: string;
  problem?: { message: string; hint?: string };
  /** Newest first; absent where the operator shows none. */
  recent?: { name: string; href: string; provider: string }[];
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
  };
}

export interface ErrorView {
  status: number;
  failure: Pick<Failure, 'code' | 'message' | 'hint' | 'blame'>;
}

/** A file of the repository, shown while one waits. */
export interface DocumentView {
  /** Path in the repository; its ending says what it is. */
  path: string;
  text: string;
}

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
