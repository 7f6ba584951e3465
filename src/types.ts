/** The nouns that pass between stages. Plain data only; nothing here imports a stage. */
import type { Config } from './config.ts';

/** Debian releases that an image can stand on, oldest first. */
export const SUITES = ['bullseye', 'bookworm', 'trixie'] as const;
export type Suite = (typeof SUITES)[number];

export type Provider = 'gh' | 'gl' | 'gist' | 'zenodo' | 'git' | 'local';

/** What a user typed, understood but not yet looked up. */
export interface RepoSpec {
  provider: Provider;
  /** As in `/v2/<provider>/<spec>`, without the ref: `org/repo`, `user/id`, a DOI, an URL-encoded clone URL, or a folder's path. */
  name: string;
  /** What git is given; for `local` an absolute path. Never carries credentials. */
  cloneUrl: string;
  /** One spelling per repository: goes into keys, labels and quotas. */
  canonicalUrl: string;
  /** As given; absent means HEAD. */
  ref?: string;
  /** A pasted page's `<ref>/<path>`, in which only the host's refs tell where the ref ends; `ref` outranks its own. */
  page?: { kind: 'tree' | 'blob'; refAndPath: string };
  /** What a pasted Binder link opens in the session, as written there. */
  urlpath?: string;
  /** The DOI that led to it. */
  doi?: string;
}

/** A spec whose ref was looked up. */
export interface Resolved {
  spec: RepoSpec;
  /** The ref that was used, `HEAD` when none was given. */
  ref: string;
  /** Full SHA; for a dirty or plain local folder `local-<hash of its content>`. */
  commit: string;
  /** Path inside the session that a pasted page asked for, e.g. `lab/tree/docs/a.ipynb`. */
  urlpath?: string;
}

export interface Notice {
  /** Stable kebab-case name, e.g. `ignored-file`. */
  code: string;
  message: string;
  /** Path in the repository, `/`-separated. */
  file?: string;
}

/** A regular file, folder or link of the checkout as listed, nothing followed. */
export type EntryKind = 'file' | 'folder' | 'link' | 'other';

/**
 * Answers when something was last worked on. `undefined` where history could not be had: the caller then falls back
 * on the commit's month.
 */
export interface History {
  /** Committer date of the last commit that touched one of these paths (files or folders). */
  lastTouched(paths: readonly string[]): Promise<Date | undefined>;
  /** Committer date of the last commit of which `counts` says yes; it is given the paths changed, none for an empty commit. */
  lastWhere(counts: (paths: readonly string[]) => boolean): Promise<Date | undefined>;
}

/** A commit's files on disk. Reading refuses links that leave the repository, devices and files over the limit. */
export interface Checkout {
  resolved: Resolved;
  commitDate: Date;
  /** Absolute path of the work tree, with `.git` inside when the repository has one. */
  root: string;
  /** Sub-folder in which environment files are looked for, '' for the root; no slash at either end. */
  subdir: string;
  notices: Notice[];
  history: History;
  /** Every path of the repository, `/`-separated, sorted by byte; folders are not listed. Read once, kept. */
  paths(): Promise<readonly string[]>;
  /** What stands at a path, without following a link; undefined when nothing does. */
  kind(path: string): Promise<EntryKind | undefined>;
  /** Names in a folder ('' for the root); empty when there is none. */
  list(path: string): Promise<readonly string[]>;
  /** The text of a file of at most `most` bytes (1 MB), BOM dropped. Throws `unsafe_file`, `file_too_large` or `file_not_text`. */
  read(path: string, most?: number): Promise<string>;
  /** Makes of `.git` what content needs: it depends on the commit alone. Done once, and not for what is only planned. */
  finishGit(): Promise<void>;
  /** Fetches all commits and tags into `.git`, for tools that ask git for a version; only called when a plan needs it. */
  deepen(): Promise<void>;
  /** Removes everything that fetch made. */
  dispose(): Promise<void>;
}

/** What a remote says that it has. */
export interface RemoteRefs {
  /** Full ref name → commit, annotated tags already dereferenced; `HEAD` among them unless the repository is empty. */
  refs: ReadonlyMap<string, string>;
}

/** What resolving asks of git; fetch/ answers, because it alone runs git. */
export interface GitRemote {
  /** Every ref, without fetching anything; `authorization` is for the host of the clone URL and nobody else. */
  listRefs(spec: RepoSpec, authorization?: string): Promise<RemoteRefs>;
  /** Full SHAs of the commits reachable from a ref whose SHA begins with `prefix`. */
  expandSha(spec: RepoSpec, prefix: string): Promise<string[]>;
  /** State of a local folder: HEAD's commit when its work tree is clean, else `local-<hash of its content>`. */
  localCommit(folder: string): Promise<string>;
}

export interface Evidence {
  file: string;
  reason: string;
}

/** What a repository says about the Python that it wants; how strong each is, plan/ decides. */
export interface PythonWish {
  /** Explicit `3.x` or `3.x.y`, and the file that says it. */
  version?: { value: string; file: string };
  /** PEP 440 bounds of `requires-python`. */
  requires?: { value: string; file: string };
  /** Its packages bring Python along, so the day chooses the suite alone, from bookworm on. */
  isOwn?: boolean;
  /** `name==version` pins, normalised names. */
  pins: readonly { name: string; version: string; file: string }[];
  /** Every package that it asks for, normalised; what is missing here is taken for missing there. */
  names?: readonly string[];
}

/** One buildpack that applies. */
export interface Match<D = unknown> {
  name: string;
  evidence: Evidence[];
  /** What it saw and leaves alone, and why. */
  notices: Notice[];
  /** Environment files: their last change decides `asOf`. */
  files: string[];
  /** Files of a lock that says exactly what is installed, if there is one: then their date alone decides `asOf`. */
  lock?: readonly string[];
  /** A day that a file names (runtime.txt), as `YYYY-MM-DD`. */
  asOf?: { date: string; file: string };
  python?: PythonWish;
  /** The pack's own findings, handed back to its `plan`. */
  data: D;
}

export interface Era {
  debian: Suite;
  /** `3.11`, or `3.7` from a managed build where no suite has it. */
  python: string;
  r: string;
}

/** Where in the Dockerfile a step stands; see render/dockerfile.ts for what each may trust. */
export type StepPlace = 'system' | 'resolve' | 'install' | 'guessed' | 'content';

/** One step of a plan, as plain data: a template of the pack and the values it is rendered with. */
export interface Step {
  /** For people, present participle: `Installing 12 Python packages as of 2022-05-10`. */
  title: string;
  place: StepPlace;
  /** `<pack>/<template>` without `.hbs`. */
  template: string;
  values: Record<string, unknown>;
}

/** What one buildpack adds to a plan. */
export interface Contribution {
  steps: Step[];
  notices: Notice[];
  /** The Jupyter server has to run from the repository's own environment. */
  server?: 'environment';
  /** There is a Python environment of the repository's own, `/srv/env`. */
  ownPython?: boolean;
  /** Environment variables of the content image (R2D_ENTRYPOINT, …). */
  env?: Record<string, string>;
  /** Files that must be executable in the image. */
  executables?: string[];
  /** Content steps may ask git for a version: the checkout keeps all commits and tags. */
  fullHistory?: boolean;
}

export interface PlanContext {
  asOf: string;
  era: Era;
  /** Python of `/srv/env`, e.g. `3.9`. */
  python: PythonChoice;
  /** The same with its patch release, as markers ask for it. */
  fullPython: string;
  platform: string;
  /**
   * Which commit a branch, tag or HEAD of a git repository is now, under the same policy for hosts as the repository's own.
   * @throws SlipwayError of resolve
   */
  commitOf(url: string, ref: string | undefined): Promise<string>;
  /** A pack may read only settings that change the result: they reach the keys by the steps that they make. */
  config: Config;
}

/** Which Python was chosen and where it comes from. */
export interface PythonChoice {
  /** `3.9` or `3.9.7`; '' where solving decides. */
  version: string;
  /** The suite's own, a build of uv's, or one that the environment's packages bring along. */
  source: 'debian' | 'managed' | 'conda';
  /** Day before which nothing is resolved, because wheels for this Python were rare: `YYYY-MM-DD`. */
  notBefore: string;
}

export interface Buildpack<D = unknown> {
  name: string;
  /** Names of the files that it reads in the config folder; those left at the root beside a `binder/` become notices. */
  reads: readonly string[];
  /** Packs after it that are not asked when it applies. */
  replaces?: readonly string[];
  /** `undefined` when it does not apply. */
  detect(checkout: Checkout, folder: ConfigFolder, config: Config): Promise<Match<D> | undefined>;
  plan(checkout: Checkout, match: Match<D>, context: PlanContext): Promise<Contribution>;
}

/** Where environment files are looked for: `binder`, `.binder` or the sub-folder itself. */
export interface ConfigFolder {
  /** Path in the repository, '' for the root. */
  path: string;
  /** True for `binder/` and `.binder/`: files at the root do not count then. */
  isBinder: boolean;
}

export interface Tier {
  key: string;
  /** Image name in the engine, e.g. `slipway/environment:<key>`. */
  image: string;
}

/** The whole of what will be built and why; a pure function of commit, platform and result-changing settings. */
export interface Plan {
  /** Milliseconds since 1970 until which it is kept, where it stands in for one that could not be made. */
  until?: number;
  repo: string;
  commit: string;
  commitDate: string;
  platform: string;
  subdir: string;
  asOf: string;
  era: Era;
  python: PythonChoice;
  buildpacks: { name: string; evidence: Evidence[] }[];
  notices: Notice[];
  /** `guessed`: the environment with what was added as a guess; where it is, content stands on it. */
  tiers: { base: Tier; environment: Tier; guessed?: Tier; content: Tier };
  server: 'isolated' | 'environment';
  ownPython: boolean;
  steps: Step[];
  env: Record<string, string>;
  executables: string[];
  fullHistory: boolean;
  /** Path of the ignore file that filters the content layer, if any. */
  ignoreFile?: string;
}

export type TierState = 'cached' | 'built';

/** What goes to people and programs while things happen; phases are BinderHub's. */
export type SlipwayEvent =
  | {
      phase: 'waiting' | 'fetching' | 'launching';
      message: string;
      /** The checkout is there and being planned; for people's progress only. */
      stage?: 'plan';
    }
  | { phase: 'building'; message: string; step?: { title: string; number: number; total: number } }
  | { phase: 'pushing'; message: string; progress: Record<string, { current: number; total: number }> }
  | {
      phase: 'built';
      message: string;
      imageName: string;
      digest: string;
      resolvedAsOf: string;
      /** What had to be done otherwise than was asked for, see BuiltTiers. */
      notices: string[];
      tiers: { base: TierState; environment: TierState; content: TierState };
    }
  | { phase: 'ready'; message: string; url: string; token: string; image: string; session: string }
  | { phase: 'failed'; message: string; code: string; hint?: string };

export type Emit = (event: SlipwayEvent) => void;

/** A running session. */
export interface Session {
  id: string;
  /** The server's own address, ending in `/`. */
  url: string;
  /** What a browser opens: `url`, the path that was asked for, and the token. */
  link: string;
  token: string;
  image: string;
  repo: string;
  ref: string;
  commit: string;
  startedAt: string;
}
