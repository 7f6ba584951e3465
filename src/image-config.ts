/** The config of an image (Docker's image spec 1.2, a superset of OCI's), and what a layer of content makes of it. */
import { createHash } from 'node:crypto';

export interface ImageConfig {
  architecture: string;
  os: string;
  created?: string;
  config: {
    Labels?: Record<string, string> | null;
    Env?: string[] | null;
    WorkingDir?: string;
    User?: string;
    Cmd?: string[] | null;
    Entrypoint?: string[] | null;
    ExposedPorts?: Record<string, object> | null;
    [key: string]: unknown;
  };
  rootfs: { type: 'layers'; diff_ids: string[] };
  history?: { created?: string; created_by?: string; comment?: string; empty_layer?: boolean }[];
  [key: string]: unknown;
}

/** What content adds to its parent. */
export interface ContentChange {
  /** `sha256:…` of the uncompressed layer. */
  diffId: string;
  labels: Record<string, string>;
  /** Variables that the image has beside its parent's; one of the same name replaces the parent's. */
  env: Record<string, string>;
  /** Absolute path in the image. */
  workdir: string;
  /** Of the commit, so that the same commit gives the same config. */
  created: Date;
}

/** The config of the parent with one more layer. A pure function: the same input gives the same bytes everywhere. */
export function contentConfig(parent: ImageConfig, change: ContentChange): ImageConfig {
  const created = change.created.toISOString();
  const entry = { created, created_by: 'slipway: the repository', comment: 'slipway' };
  return {
    ...parent,
    created,
    config: {
      ...parent.config,
      Env: mergeEnv(parent.config.Env ?? [], change.env),
      Labels: { ...parent.config.Labels, ...change.labels },
      WorkingDir: change.workdir,
    },
    rootfs: { type: 'layers', diff_ids: [...parent.rootfs.diff_ids, change.diffId] },
    history: [...(parent.history ?? []), entry],
  };
}

function mergeEnv(parent: readonly string[], added: Record<string, string>): string[] {
  const kept = parent.filter((line) => !Object.hasOwn(added, line.split('=', 1)[0] ?? ''));
  return [...kept, ...Object.entries(added).map(([name, value]) => `${name}=${value}`)];
}

/** The bytes of a config, keys sorted, and their digest, which is the image's id in an engine. */
export function encodeConfig(config: ImageConfig): { bytes: Buffer; digest: string } {
  const bytes = Buffer.from(JSON.stringify(config, sortedKeys));
  return { bytes, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` };
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
