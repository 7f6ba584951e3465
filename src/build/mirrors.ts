/** Where apt and debootstrap find Debian: the configured mirrors in order, then the archive of suites that left them. */
import type { Config } from '../config.ts';
import type { Suite } from '../types.ts';
import type { ContextFile } from './support.ts';

type MirrorConfig = Pick<
  Config,
  'SLIPWAY_MIRROR_DEBIAN' | 'SLIPWAY_MIRROR_DEBIAN_SECURITY' | 'SLIPWAY_MIRROR_DEBIAN_ARCHIVE'
>;

/** Suites still on every mirror; for others the archive is asked last. */
const CURRENT: readonly Suite[] = ['bookworm', 'trixie'];

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Mirrors of the main archive, in the order in which to try them. */
export function debianMirrors(config: MirrorConfig, suite: Suite): string[] {
  const archive = CURRENT.includes(suite) ? [] : [config.SLIPWAY_MIRROR_DEBIAN_ARCHIVE];
  return [...config.SLIPWAY_MIRROR_DEBIAN, ...archive].filter((url) => url !== '');
}

function securityMirrors(config: MirrorConfig, suite: Suite): string[] {
  const archive = config.SLIPWAY_MIRROR_DEBIAN_ARCHIVE.replace(/\/debian$/, '/debian-security');
  return [...config.SLIPWAY_MIRROR_DEBIAN_SECURITY, ...(CURRENT.includes(suite) ? [] : [archive])].filter(
    (url) => url !== '',
  );
}

/** Several mirrors go into a file of apt's `mirror+file` method, which falls through to the next in order. */
function source(name: string, mirrors: string[], suites: string[], old: boolean): ContextFile & { lines: string[] } {
  const options = `[signed-by=${KEYRING}${old ? ' check-valid-until=no' : ''}]`;
  const uri = mirrors.length === 1 ? mirrors[0] : `mirror+file:/run/slipway/${name}`;
  const content = mirrors.map((url, index) => `${url}\tpriority:${index + 1}\n`).join('');
  const lines = mirrors.length === 0 ? [] : suites.map((suite) => `deb ${options} ${uri} ${suite} main`);
  return { path: name, content, lines };
}

/** `sources.list` and the mirror lists that it refers to, as files of /run/slipway. */
export function aptSources(config: MirrorConfig, suite: Suite): ContextFile[] {
  const old = !CURRENT.includes(suite);
  const main = source('mirrors-debian', debianMirrors(config, suite), [suite, `${suite}-updates`], old);
  const security = source('mirrors-security', securityMirrors(config, suite), [`${suite}-security`], old);
  const list = `${[...main.lines, ...security.lines].join('\n')}\n`;
  const lists = [main, security].map(({ path, content }) => ({ path, content }));
  return [...lists, { path: 'sources.list', content: list }];
}

/** `/etc/apt/sources.list` of an image: the public hosts, whatever mirrors it was built from. */
export function publicSources(suite: Suite): string {
  const main = 'http://deb.debian.org/debian';
  return [
    `deb ${main} ${suite} main`,
    `deb ${main} ${suite}-updates main`,
    `deb http://deb.debian.org/debian-security ${suite}-security main`,
    '',
  ].join('\n');
}
