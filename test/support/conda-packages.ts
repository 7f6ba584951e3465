/** What the local conda channel has beside Python and its kernel: several versions, each with its day. */
import type { CondaPackage } from './conda-channel.ts';

const tides = (version: string, day: string, more: Partial<CondaPackage> = {}) => ({
  name: 'tides',
  version,
  day,
  noarch: 'python' as const,
  depends: ['python'],
  files: { 'site-packages/tides.py': `VERSION = "${version}"\n` },
  link: [],
  ...more,
});

/** A library with data of its own, which its activation script tells of. */
const sea = (version: string, day: string, depth: number) => ({
  name: 'libsea',
  version,
  day,
  subdir: 'linux-64' as const,
  library: { name: 'libsea.so', source: `int depth(void) { return ${depth}; }\n` },
  files: {
    'etc/conda/activate.d/libsea.sh': 'export SEA_DATA="$CONDA_PREFIX/share/sea"\n',
    'share/sea/where': '@PREFIX@/share/sea',
  },
});

/** Of text alone: its archive is the same wherever it is made, so locks can name it by its hash. */
const table = (version: string, day: string) => ({
  name: 'tidetable',
  version,
  day,
  subdir: 'linux-64' as const,
  files: { 'share/tidetable.txt': `${version}\n` },
});

export const PACKAGES: readonly CondaPackage[] = [
  tides('1.0', '2022-03-01'),
  tides('1.1', '2023-06-01'),
  tides('2.0', '2024-06-01'),
  sea('1.0', '2022-03-01', 10),
  sea('1.2', '2024-03-01', 12),
  table('1.0', '2022-03-01'),
  table('1.1', '2023-03-01'),
];
