/** Paths inside a repository: always `/`-separated, relative to its root, '' for the root itself. */

/** Joins repository paths; empty parts vanish. */
export function joinPath(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('/');
}

/**
 * Resolves a path that a file of the repository names, against the folder of that file.
 * @returns the path, or undefined when it is absolute or leaves the repository
 */
export function resolveInside(folder: string, path: string): string | undefined {
  if (path.startsWith('/') || path.startsWith('~') || path.includes('\\')) return undefined;
  const parts = folder === '' ? [] : folder.split('/');
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

/** The folder that holds a path, '' at the root. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** Text of a repository made safe to show in a message: control and bidi characters as `\u….`, cut at `limit`. */
export function shown(text: string, limit = 120): string {
  const safe = text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (char) => `\\u${char.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  );
  return safe.length > limit ? `${safe.slice(0, limit)}…` : safe;
}
