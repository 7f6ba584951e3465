/** What reading conda's files gives, and solving and installing take. */
import type { Evidence, Notice } from '../../src/types.ts';
import type { Requirements } from '../python/requirements.ts';

/** One conda requirement, as it was written and cleaned. */
export interface CondaSpec {
  name: string;
  version?: string;
  build?: string;
  channel?: string;
  file: string;
  line: number;
}

/** An environment as its files describe it, before anything is solved. */
export interface CondaEnvironment {
  /** Files read, the deciding one first. */
  files: string[];
  /** Names or URLs in order of priority, `defaults` not yet replaced; never empty after reading (conda-forge). */
  channels: string[];
  specs: CondaSpec[];
  /** The `pip:` section, as a requirements file is read. */
  pip?: Requirements & {
    /** `requirements` are a lock: nothing that they need is looked for. */
    isLocked?: boolean;
  };
  /** `variables:` of environment.yml. */
  variables: Record<string, string>;
  /** Exact packages of a lock for our platform: nothing is solved then. */
  locked?: { name: string; version: string; build: string; url: string; sha256?: string; md5?: string }[];
  evidence: Evidence[];
  notices: Notice[];
}
