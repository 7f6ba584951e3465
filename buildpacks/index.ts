/** The one ordered list of buildpacks: steps of a tier run in this order. */
import type { Buildpack } from '../src/types.ts';
import { apt } from './apt/index.ts';
import { conda } from './conda/index.ts';
import { base } from './default/index.ts';
import { postbuild } from './postbuild/index.ts';
import { python } from './python/index.ts';
import { start } from './start/index.ts';

/** What stands on them all: packages that are imported and that none of them adds. */
export { infer } from './guess/index.ts';

/** Those that a repository's files trigger. */
export const BUILDPACKS: readonly Buildpack<never>[] = [
  conda,
  apt,
  python,
  postbuild,
  start,
] as unknown as Buildpack<never>[];

/** The one that stands in when none of them gives an environment. */
export const DEFAULT_BUILDPACK = base;
