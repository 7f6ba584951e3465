/** A checkout held in memory, for tests of the stages that only read one. */
import { SlipwayError } from '../../src/errors.ts';
import type { Checkout, EntryKind, History } from '../../src/types.ts';

export interface MemoryOptions {
  subdir?: string;
  commit?: string;
  commitDate?: string;
  history?: Partial<History>;
}

const NO_HISTORY: History = { lastTouched: async () => undefined, lastWhere: async () => undefined };

/** @param files path → text */
export function memoryCheckout(files: Record<string, string>, options: MemoryOptions = {}): Checkout {
  const paths = Object.keys(files).sort();
  const isFolder = (path: string) => path === '' || paths.some((name) => name.startsWith(`${path}/`));
  const commit = options.commit ?? '0123456789abcdef0123456789abcdef01234567';
  const url = 'https://example.org/team/repo';
  return {
    resolved: { spec: { provider: 'git', name: url, cloneUrl: url, canonicalUrl: url }, ref: 'HEAD', commit },
    commitDate: new Date(options.commitDate ?? '2024-03-15T12:00:00Z'),
    root: '/nonexistent',
    subdir: options.subdir ?? '',
    notices: [],
    history: { ...NO_HISTORY, ...options.history },
    paths: async () => paths,
    kind: async (path): Promise<EntryKind | undefined> =>
      Object.hasOwn(files, path) ? 'file' : isFolder(path) ? 'folder' : undefined,
    list: async (path) => {
      const prefix = path === '' ? '' : `${path}/`;
      const names = paths
        .filter((name) => name.startsWith(prefix))
        .map((name) => name.slice(prefix.length).split('/')[0] ?? '');
      return [...new Set(names)];
    },
    read: async (path, most = 2 ** 20) => {
      const text = files[path];
      if (text === undefined) throw new SlipwayError('unsafe_file', `${path} is no file`);
      if (text.length > most) throw new SlipwayError('file_too_large', `${path} is too large`);
      return text;
    },
    finishGit: async () => {},
    deepen: async () => {},
    dispose: async () => {},
  };
}
