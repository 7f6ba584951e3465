/** conda packages among a lock's lines, as conda's own explicit lists have them: `<address>#<hash>`. */

export interface LockedCondaPackage {
  /** As an environment.yml names it: `conda-forge`, or the address of another channel. */
  channel: string;
  subdir: string;
  name: string;
  version: string;
  build: string;
}

const PUBLIC = 'https://conda.anaconda.org/';
const LINE =
  /^(https?:\/\/[\x21-\x22\x24-\x7e]+)\/(noarch|[a-z]+-[a-z0-9_]+)\/([^/\s]+)-([^-/\s]+)-([^-/\s]+)\.(?:conda|tar\.bz2)#[0-9a-f]+$/;

/** One line of an explicit list; undefined for what is no package of conda's. */
export function condaPackage(line: string): LockedCondaPackage | undefined {
  const [, address, subdir, name, version, build] = LINE.exec(line) ?? [];
  if (!address || !subdir || !name || !version || !build) return undefined;
  const channel = address.startsWith(PUBLIC) ? address.slice(PUBLIC.length) : address;
  return { channel, subdir, name, version, build };
}

/** What the solver wrote, a record of JSON a line, as an explicit list. Anybody may have written it: lines that are none are left out. */
export function explicitList(lock: string): string {
  const lines = lock.split('\n').flatMap((text) => {
    const { url, sha256, md5 } = recordOf(text);
    const line = `${url}#${sha256 ?? md5}`;
    return condaPackage(line) === undefined ? [] : [line];
  });
  return lines.map((line) => `${line}\n`).join('');
}

function recordOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
