/** What the build left in dist/assets: browser code, styles and pictures, read once at start. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { PACKAGE_ROOT } from '../../root.ts';
import type { Asset } from './views.ts';

const FOLDER = join(PACKAGE_ROOT, 'dist', 'assets');
const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
};

export interface Assets {
  /** By the path under which it is served. */
  files: ReadonlyMap<string, Asset>;
  /** Path of a file by its name in the sources, e.g. `front.js`. */
  path(name: string): string;
  /** The style sheet that stands in each page. */
  style: string;
}

/** @throws when the type of a picture is not known, which only the operator's own can be */
export function assetOf(path: string, bytes: Buffer, brotli: Buffer | undefined, immutable: boolean): Asset {
  const type = TYPES[extname(path).toLowerCase()];
  if (!type) throw new Error(`${path} is none of ${Object.keys(TYPES).join(', ')}`);
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  return { path, type, bytes, ...(brotli && { brotli }), etag, immutable };
}

function readAsset(name: string): Asset {
  const file = join(FOLDER, name);
  const brotli = existsSync(`${file}.br`) ? readFileSync(`${file}.br`) : undefined;
  return assetOf(`/assets/${name}`, readFileSync(file), brotli, true);
}

/** Files of earlier builds are among them: a page that is open still asks for those. */
export function loadAssets(): Assets {
  const names = JSON.parse(readFileSync(join(FOLDER, 'names.json'), 'utf8')) as Record<string, string>;
  const served = readdirSync(FOLDER).filter((name) => extname(name) in TYPES);
  return {
    files: new Map(served.map((name) => [`/assets/${name}`, readAsset(name)])),
    path(name) {
      const path = names[name];
      if (path === undefined) throw new Error(`The build left no ${name}.`);
      return `/assets/${path}`;
    },
    style: readFileSync(join(FOLDER, names['style.css'] ?? ''), 'utf8'),
  };
}
