/**
 * The folder `.slipway/` of each build context: certificates, mirrors and caches for the RUN that mounts it at
 * /run/slipway and sources `env`. A mount is in no layer, and nothing of it is in the image's history.
 */
import { readFile } from 'node:fs/promises';
import { hostCaBundle } from '../certificates.ts';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import type { Suite } from '../types.ts';
import { aptSources, debianMirrors } from './mirrors.ts';

export interface ContextFile {
  path: string;
  content: string | Buffer;
  /** Octal permissions, 0644 unless given. */
  mode?: number;
}

type BundleConfig = Pick<Config, 'SLIPWAY_CA_BUNDLE' | 'SSL_CERT_FILE'>;

/** The PEM file that the host trusts; undefined when it has none. */
async function caBundle(config: BundleConfig): Promise<Buffer | undefined> {
  const path = hostCaBundle(config);
  const pem = path === undefined ? undefined : await readFile(path);
  if (pem === undefined || pem.includes('-----BEGIN ')) return pem;
  throw new SlipwayError('bad_setting', `SLIPWAY_CA_BUNDLE: ${path} holds no certificate in PEM form.`);
}

/** A value as one word of a POSIX shell. */
export function shellQuote(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

const CERTIFICATE_NAMES = [
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'PIP_CERT',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'NODE_EXTRA_CA_CERTS',
];

type SupportConfig = BundleConfig &
  Pick<
    Config,
    | 'SLIPWAY_MIRROR_DEBIAN'
    | 'SLIPWAY_MIRROR_DEBIAN_SECURITY'
    | 'SLIPWAY_MIRROR_DEBIAN_ARCHIVE'
    | 'SLIPWAY_MIRROR_PYPI'
    | 'SLIPWAY_MIRROR_CONDA'
    | 'SLIPWAY_MIRROR_PYTHON'
    | 'SLIPWAY_MIRROR_NPM'
  >;

/** Variables of every step, by name; what is empty is left to the tools' own defaults. */
function variables(config: SupportConfig, hasBundle: boolean): [string, string][] {
  const mirrors: [string, string][] = [
    ['UV_DEFAULT_INDEX', config.SLIPWAY_MIRROR_PYPI],
    ['PIP_INDEX_URL', config.SLIPWAY_MIRROR_PYPI],
    ['CONDA_CHANNEL_ALIAS', config.SLIPWAY_MIRROR_CONDA],
    [
      config.SLIPWAY_MIRROR_PYTHON.endsWith('.json') ? 'UV_PYTHON_DOWNLOADS_JSON_URL' : 'UV_PYTHON_INSTALL_MIRROR',
      config.SLIPWAY_MIRROR_PYTHON,
    ],
    ['npm_config_registry', config.SLIPWAY_MIRROR_NPM],
  ];
  const always: [string, string][] = [
    ['UV_LINK_MODE', 'copy'],
    // A network that many builds share loses a connection now and then; a host that is away is told a minute later.
    ['UV_HTTP_RETRIES', '5'],
    ['PIP_DISABLE_PIP_VERSION_CHECK', '1'],
    ['DEBIAN_FRONTEND', 'noninteractive'],
  ];
  const certificates = CERTIFICATE_NAMES.map((name): [string, string] => [name, '/run/slipway/ca.pem']);
  return [...(hasBundle ? certificates : []), ...mirrors, ...always].filter(([, value]) => value !== '');
}

/**
 * A stub of a mount point may stay in a layer, so it is asked of the kernel whether something is mounted there. That there is
 * no cache is `off` for every pip: one before 19 takes it as said, and fails with `1`.
 */
const CACHES = `slipway_mounted() { grep -q " $1 " /proc/self/mounts; }
if slipway_mounted /var/cache/slipway/apt; then
  [ -w /var/cache/slipway/apt ] && mkdir -p /var/cache/slipway/apt/lists/partial /var/cache/slipway/apt/archives/partial
  export APT_CONFIG=/run/slipway/apt-cached.conf
else
  export APT_CONFIG=/run/slipway/apt.conf
fi
if slipway_mounted /var/cache/slipway/uv; then
  export UV_CACHE_DIR=/var/cache/slipway/uv
else
  export UV_NO_CACHE=1
fi
if slipway_mounted /var/cache/slipway/conda; then
  export RATTLER_CACHE_DIR=/var/cache/slipway/conda
fi
export PIP_NO_CACHE_DIR=off
unset -f slipway_mounted
`;

const ONLY_ONE = ['Acquire::Retries "3";', 'Acquire::http::Timeout "60";', 'Acquire::https::Timeout "60";'];
/** A mirror that does not answer is left for the next one at once: apt would else wait before each of its retries. */
const ONE_OF_SEVERAL = [
  'Acquire::Retries "1";',
  'Acquire::Retries::Delay "false";',
  'Acquire::http::Timeout "15";',
  'Acquire::https::Timeout "15";',
];

function aptConf(hasBundle: boolean, cached: boolean, hasOthers: boolean): string {
  const lines = [
    // Read again as the last file, so that what the image's own apt.conf.d says does not win.
    `Dir::Etc::main "/run/slipway/${cached ? 'apt-cached.conf' : 'apt.conf'}";`,
    'Dir::Etc::sourcelist "/run/slipway/sources.list";',
    'Dir::Etc::sourceparts "-";',
    ...(hasOthers ? ONE_OF_SEVERAL : ONLY_ONE),
    'Acquire::Languages "none";',
    'quiet "1";',
    'APT::Install-Recommends "false";',
    'APT::Get::Assume-Yes "true";',
  ];
  if (hasBundle) lines.push('Acquire::https::CAInfo "/run/slipway/ca.pem";');
  if (cached) {
    lines.push(
      'Dir::Cache "/var/cache/slipway/apt";',
      'Dir::State::lists "/var/cache/slipway/apt/lists";',
      // Compressing lists that are not in the image costs ten seconds.
      'Acquire::GzipIndexes "false";',
      'APT::Keep-Downloaded-Packages "true";',
      'Binary::apt::APT::Keep-Downloaded-Packages "true";',
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Files of `.slipway/`, sorted by path, for a build on this suite. */
export async function supportFiles(config: SupportConfig, suite: Suite): Promise<ContextFile[]> {
  const bundle = await caBundle(config);
  const exports = variables(config, bundle !== undefined).map(([name, value]) => `export ${name}=${shellQuote(value)}`);
  const hasOthers = debianMirrors(config, suite).length > 1;
  const files: ContextFile[] = [
    { path: 'apt-cached.conf', content: aptConf(bundle !== undefined, true, hasOthers) },
    { path: 'apt.conf', content: aptConf(bundle !== undefined, false, hasOthers) },
    ...(bundle ? [{ path: 'ca.pem', content: bundle }] : []),
    { path: 'env', content: `${exports.join('\n')}\n${CACHES}` },
    ...aptSources(config, suite),
  ];
  return files.map((file) => ({ ...file, path: `.slipway/${file.path}` }));
}
