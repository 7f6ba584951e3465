/** What the local conda channel has beside Python and its kernel: several versions, each with its day. */
import type { CondaPackage } from './conda-channel.ts';

const module = (name: string, version: string, day: string): CondaPackage => ({
  name,
  version,
  day,
  noarch: 'python',
  depends: ['python'],
  files: {
    [`site-packages/${name}.py`]: `VERSION = "${version}"\n`,
    [`site-packages/${name}-${version}.dist-info/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
  },
  link: [],
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
  module('tides', '1.0', '2022-03-01'),
  module('tides', '1.1', '2023-06-01'),
  module('tides', '2.0', '2024-06-01'),
  sea('1.0', '2022-03-01', 10),
  sea('1.2', '2024-03-01', 12),
  table('1.0', '2022-03-01'),
  table('1.1', '2023-03-01'),
  module('wind', '1.0', '2023-01-01'),
  module('wind', '2.0', '2025-01-01'),
  { name: 'calm', version: '1.0', day: '2023-01-01', depends: ['wind >=2'] },
  // Its own script says who runs it, with what, and whether a cache is mounted then.
  {
    name: 'eel',
    version: '1.0',
    day: '2023-01-01',
    files: {
      'bin/.eel-post-link.sh':
        'echo "uid $(id -u)" > "$PREFIX/share/eel"\necho "$PKG_NAME $PKG_VERSION $PKG_BUILDNUM" >> "$PREFIX/share/eel"\necho "mounts $(grep -c /var/cache/slipway /proc/self/mounts)" >> "$PREFIX/share/eel"\n',
      'share/eel.txt': 'an eel\n',
    },
  },
];
