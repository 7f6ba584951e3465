/** Every setting there is: what it means, and what it is when nobody sets it. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Kind } from './settings.ts';

/** The text that would be written, so that docs and parsing agree; some depend on the environment. */
type Default = string | ((env: NodeJS.ProcessEnv) => string);

export interface Setting<T> {
  kind: Kind;
  /** Shown in the README and by `slipway config`. */
  doc: string;
  default: Default;
  /** Changes what is built, so it is part of a tier's key. */
  key?: boolean;
  secret?: boolean;
  values?: readonly string[];
  type?: T;
}

function setting<T>(kind: Kind, fallback: Default, doc: string, more: Partial<Setting<T>> = {}) {
  return { kind, default: fallback, doc, ...more } as Setting<T>;
}

const text = (fallback: Default, doc: string, more?: Partial<Setting<string>>) =>
  setting<string>('text', fallback, doc, more);
const list = (fallback: string, doc: string, more?: Partial<Setting<string[]>>) =>
  setting<string[]>('list', fallback, doc, more);
const whole = (fallback: Default, doc: string) => setting<number>('number', fallback, doc);
const bytes = (fallback: string, doc: string) => setting<number>('bytes', fallback, doc);
const duration = (fallback: string, doc: string) => setting<number>('duration', fallback, doc);
const url = (fallback: string, doc: string, more?: Partial<Setting<string>>) =>
  setting<string>('url', fallback, doc, more);
const urls = (fallback: string, doc: string) => setting<string[]>('urls', fallback, doc);
const choice = <const V extends string>(values: readonly V[], fallback: V, doc: string, more?: Partial<Setting<V>>) =>
  setting<V>('choice', fallback, doc, { values, ...more });

const dataFolder = ({ XDG_DATA_HOME }: NodeJS.ProcessEnv) =>
  join(XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'slipway');
const dockerFolder = () => join(homedir(), '.docker');
const hostPlatform = () => `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;

/** Every setting there is. Durations are in milliseconds and sizes in bytes once parsed. */
export const SETTINGS = {
  SLIPWAY_CONFIG: text(
    '',
    'YAML file with settings under these names, which the environment outranks; itself in the environment only',
  ),
  SLIPWAY_DATA: text(dataFolder, 'Data folder: caches, root file systems, records of builds'),
  REDIS_URL: text(
    '',
    'Redis of the service, redis://… or rediss://…; empty: a redis-server of our own in the data folder',
    {
      secret: true,
    },
  ),
  DOCKER_HOST: text('', 'Address of the Docker engine; empty: unix:///var/run/docker.sock'),
  DOCKER_CERT_PATH: text('', 'Folder with ca.pem, cert.pem and key.pem for an engine over TLS'),
  HTTP_PROXY: text('', 'Proxy for http; reaches git, builds and sessions', { secret: true }),
  HTTPS_PROXY: text('', 'Proxy for https; reaches git, builds and sessions', { secret: true }),
  NO_PROXY: text('', 'Hosts that are reached without a proxy'),

  SLIPWAY_ALLOWED_HOSTS: list('', 'Hosts as host[:port] that may be on a private address or speak plain http'),
  SLIPWAY_GITHUB_TOKEN: text(
    '',
    'Token for look-ups of refs on GitHub, which allows more of them; one that sees nothing private',
    { secret: true },
  ),
  SLIPWAY_GITLAB_TOKEN: text('', 'Likewise for GitLab.com', { secret: true }),
  SLIPWAY_FETCH_SIZE: bytes('2G', "A repository's size on disk, with submodules and LFS files"),
  SLIPWAY_FETCH_FILE_SIZE: bytes('1G', 'Size of one file of a repository'),
  SLIPWAY_FETCH_FILES: whole('200000', 'Number of files of a repository'),
  SLIPWAY_FETCH_TIME: duration('10m', 'Time to fetch a repository'),
  SLIPWAY_CA_BUNDLE: text(
    '',
    'PEM file that Slipway itself, git, builds and sessions trust, in place of NODE_EXTRA_CA_CERTS; empty: what the host trusts',
  ),
  SSL_CERT_FILE: text('', 'PEM file that the host trusts, where it is not at one of the usual places'),

  SLIPWAY_AS_OF: setting<'auto' | 'latest' | (string & {})>(
    'asOf',
    'auto',
    'Day that packages are taken as of: auto (from the commits), latest, or YYYY-MM-DD',
    { key: true },
  ),
  SLIPWAY_PYTHONS: setting<'any' | 'debian' | (string & {})>(
    'pythons',
    'any',
    "Pythons that may be used beside the Debian suites' own: any that uv brings, those named (3.7,3.8), or none: debian",
    { key: true },
  ),
  SLIPWAY_CONDA: choice(
    ['rattler', 'pypi'],
    'rattler',
    'Where conda environments come from: their channels, or what PyPI and Debian have of the same packages',
    { key: true },
  ),
  SLIPWAY_CONDA_DEFAULTS: list('conda-forge', 'Channels that stand for `defaults`', { key: true }),
  SLIPWAY_DEFAULT_ENVIRONMENT: choice(
    ['on', 'off'],
    'on',
    'Whether a repository without environment files gets the default environment',
  ),
  SLIPWAY_INFER_DEPENDENCIES: choice(
    ['on', 'off'],
    'on',
    'Whether packages that notebooks import and no file asks for are added as a guess; off: they are only told',
    { key: true },
  ),
  SLIPWAY_PLATFORM: text(hostPlatform, 'Platform that images are built for', { key: true }),
  SLIPWAY_BASE_EPOCH: text('', 'Raise it to rebuild every base, e.g. for security updates', { key: true }),
  SLIPWAY_BASE_SOURCE: choice(
    ['auto', 'registry', 'debootstrap'],
    'auto',
    'Where a root file system comes from: a pull of debian:<suite>-slim, debootstrap, or the first that works',
  ),

  SLIPWAY_MIRROR_DEBIAN: urls('http://deb.debian.org/debian', 'Debian mirrors, tried in order'),
  SLIPWAY_MIRROR_DEBIAN_SECURITY: urls('http://deb.debian.org/debian-security', 'Mirrors of Debian security updates'),
  SLIPWAY_MIRROR_DEBIAN_ARCHIVE: url('http://archive.debian.org/debian', 'Where suites go that left the mirrors'),
  SLIPWAY_MIRROR_PYPI: url('https://pypi.org/simple', 'Python package index (simple API, with upload times)'),
  SLIPWAY_MIRROR_PYTHON: url(
    '',
    "Mirror of uv's managed Pythons, as UV_PYTHON_INSTALL_MIRROR takes it; or, ending in .json, a listing of others, as UV_PYTHON_DOWNLOADS_JSON_URL takes it",
  ),
  SLIPWAY_MIRROR_CONDA: url(
    'https://conda.anaconda.org',
    'Where conda channels are found by their names, as <url>/<channel>',
  ),
  SLIPWAY_MIRROR_NPM: url('', 'npm registry, as npm_config_registry takes it'),
  SLIPWAY_MIRROR_DOI: url('https://doi.org', 'Where DOIs are looked up, as <url>/<DOI>'),
  SLIPWAY_MIRROR_ZENODO: url(
    'https://zenodo.org',
    "Where Zenodo's records are looked up, as <url>/api/records/<number>",
  ),
  SLIPWAY_MIRROR_DOCKER: text('', 'Prefix from which debian:<suite>-slim is pulled, e.g. registry.example.org/library'),

  SLIPWAY_REGISTRY: text(
    '',
    'Registry that images are published to and found in, as host[:port]/prefix; empty: the engine alone',
  ),
  SLIPWAY_REGISTRY_INSECURE: choice(['on', 'off'], 'off', 'Whether it speaks plain http'),
  SLIPWAY_REGISTRY_CA: text('', 'PEM file with the authority of its certificate, trusted beside what the host trusts'),
  SLIPWAY_REGISTRY_USERNAME: text('', "Who we are there; empty: what docker's config.json or its helpers know"),
  SLIPWAY_REGISTRY_PASSWORD: text('', 'The password, or an access token', { secret: true }),
  SLIPWAY_REGISTRY_COMPRESSION: choice(
    ['gzip', 'zstd'],
    'gzip',
    'How layers are compressed; zstd is smaller and faster, and engines before Docker 23 cannot pull it themselves',
  ),
  SLIPWAY_REGISTRY_KEEP: duration('90d', 'How long an image stays in the registry that nobody has used; 0: for ever'),
  DOCKER_CONFIG: text(dockerFolder, "Folder with docker's config.json"),

  SLIPWAY_EGRESS: choice(
    ['auto', 'required', 'off'],
    'auto',
    'Firewall for builds and sessions (public addresses and mirrors only): auto enforces it where it can, required refuses to build where it cannot',
  ),
  SLIPWAY_EGRESS_PORTS: setting<string[]>(
    'ports',
    '80,443,9418',
    'TCP ports of public addresses that builds and sessions reach, as 443 or 8000-8100; all: any, and UDP',
  ),
  SLIPWAY_EGRESS_RATE: bytes('16M', 'Bytes per second of each build and session in each direction; 0: any number'),
  SLIPWAY_BUILD_CPU: text('', 'CPUs that builds may use together, e.g. 1.5; empty: all'),
  SLIPWAY_BUILD_MEMORY: bytes('4G', 'Memory that builds may use together'),
  SLIPWAY_BUILD_PIDS: whole('4096', 'Processes that builds may have together'),
  SLIPWAY_BUILD_TIME: duration('60m', 'Time that one tier may take to build'),
  SLIPWAY_LAUNCHER: choice(
    ['docker', 'jupyterhub'],
    'docker',
    'Who starts sessions: the engine here, or a JupyterHub, which then also limits and ends them',
  ),
  SLIPWAY_HUB_URL: url('', 'The JupyterHub as browsers reach it, with its base path'),
  SLIPWAY_HUB_API_URL: url('', 'Its REST API as we reach it; empty: <SLIPWAY_HUB_URL>/hub/api'),
  SLIPWAY_HUB_TOKEN: text('', 'Token of our service at the hub; its scopes: servers, admin:users', { secret: true }),
  SLIPWAY_HUB_LOGIN: choice(
    ['off', 'on'],
    'off',
    'Whether readers log in to the hub, which then starts sessions as theirs; off: each session has a user of its own',
  ),
  SLIPWAY_HUB_LINK: duration(
    '10m',
    'With SLIPWAY_HUB_LOGIN: time that a reader has to come and log in; so long a place is held',
  ),
  SLIPWAY_HUB_SPAWNS: whole('16', "Servers that the hub starts at once for this process; below the hub's own limit"),
  SLIPWAY_SESSION_MEMORY: bytes('2G', 'Memory of a session'),
  SLIPWAY_SESSION_CPU: text('2', 'CPUs of a session'),
  SLIPWAY_SESSION_PIDS: whole('512', 'Processes of a session'),
  SLIPWAY_SESSION_DISK: bytes(
    '10G',
    'Disk space that a session may fill, unless it was launched with --detach; 0: any',
  ),
  SLIPWAY_SESSION_START: duration('2m', 'Time that a session may take until its server answers'),
  SLIPWAY_SESSION_NETWORK: choice(
    ['internet', 'none'],
    'internet',
    'What a session reaches: public addresses, or nothing',
  ),
  SLIPWAY_HOST: text('127.0.0.1', 'Address that the service listens on'),
  SLIPWAY_PORT: whole('8585', 'Port that the service listens on; its sessions are on the next one'),
  SLIPWAY_WORKER_PORT: whole('0', 'Port on which slipway worker answers /health and /metrics; 0: none'),
  SLIPWAY_BASE_URL: url('', 'Public address of the service; empty: where it listens'),
  SLIPWAY_TRUSTED_PROXIES: list('', 'Proxies, as addresses or CIDRs, whose X-Forwarded headers count'),
  SLIPWAY_CORS_ORIGINS: list('*', 'Origins whose pages may call the API, * for all; it knows no cookies'),
  SLIPWAY_LAUNCHES_PER_HOUR: whole(
    '100',
    'Launches an hour from one address, and previews apart from them; those from our own pages count by address and repository, ten times as many; 0: any number',
  ),
  SLIPWAY_STREAMS_PER_ADDRESS: whole('500', 'Event streams that one address may have open at once'),
  SLIPWAY_ADMIN_TOKEN: text('', "The operator's token, at least 16 characters; empty: what needs it is switched off", {
    secret: true,
  }),
  SLIPWAY_LOG_LEVEL: choice(['debug', 'info', 'warn', 'error'], 'info', 'What the service logs'),
  SLIPWAY_SESSION_URL: url(
    '',
    "Public address of sessions, an origin of their own; https://*.example.org gives each its own; empty: the service's with the next port",
  ),
  SLIPWAY_ALLOWED: list(
    '',
    'Repositories that may be launched, as specs or URLs in which * stands for anything; empty: all',
  ),
  SLIPWAY_BANNED: list('', 'Repositories that may not be launched, likewise'),
  SLIPWAY_BANNED_NETWORKS: list('', 'Addresses and CIDRs that may not launch anything'),
  SLIPWAY_BUILD_ONLY: choice(['on', 'off'], 'on', 'Whether builds without a session may be asked for'),
  SLIPWAY_BUILD_CONCURRENCY: whole('2', 'Environments that are built at the same time'),
  SLIPWAY_WATCH_GRACE: duration('2m', 'Time after which a launch in the queue that nobody watches is given up'),
  SLIPWAY_KEEP_RECORDS: duration('30d', 'How long records and logs of builds are kept'),
  SLIPWAY_EVENT_LOG: text('', 'File to which every launch is written as a line of JSON; empty: none'),
  SLIPWAY_SITE_NAME: text('Slipway', 'Name of the service on its pages'),
  SLIPWAY_SITE_LOGO: text('', 'File with a picture for the pages: SVG, PNG, JPEG or WebP'),
  SLIPWAY_SITE_COLOR: setting<string>(
    'colour',
    '',
    'Accent colour of the pages as #rrggbb; made darker or lighter where it could not be read',
  ),
  SLIPWAY_SITE_BANNER: text('', 'A line of Markdown above every page, e.g. for maintenance'),
  SLIPWAY_SITE_ABOUT: text('', 'Markdown that begins the page /about'),
  SLIPWAY_SITE_EXAMPLE: text('gh/binder-examples/requirements', 'Repository that the front page offers as an example'),
  SLIPWAY_SITE_RECENT: choice(['on', 'off'], 'off', 'Whether the front page lists what was launched lately'),
  SLIPWAY_SESSION_IDLE: duration('10m', 'Time without activity after which a session of the service ends'),
  SLIPWAY_SESSION_AGE: duration('6h', 'Time after which a session of the service ends in any case'),
  SLIPWAY_WARM: text(
    '2,1G',
    'Servers that run ahead for the environments most asked for, and the memory for all of them; 0: none',
  ),
  SLIPWAY_QUOTA_TOTAL: whole('0', 'Sessions that the service runs at once; 0: any number'),
  SLIPWAY_QUOTA_PER_REPO: whole('0', 'Sessions of one repository at once; 0: any number'),
  SLIPWAY_QUOTAS: list(
    '',
    'Sessions at once of the repositories that a pattern fits, as pattern=number; the first counts',
  ),
  SLIPWAY_DISK_HIGH: whole('80', "Per cent of the engine's disk at which the service begins to prune; 100: never"),
  SLIPWAY_DISK_LOW: whole('60', 'Per cent of it at which pruning ends'),
  SLIPWAY_DISK_FREE: bytes('2G', 'Disk space that has to be free for a build to start or go on'),
} as const;
