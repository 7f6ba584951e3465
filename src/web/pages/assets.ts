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
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
};

export interface Assets {
  /** By the path under which it is served. */
  files: ReadonlyMap<string, Asset>;
  /** Path of a file by its name in the sources, e.g. `front.js`. */
  path(name: string): string;
  /** The style sheets that stand in each page and in each document. */
  style: string;
  documentStyle: string;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
}

/** A file that is not the build's, under a path that changes with its bytes. @throws when its type is not known */
export function assetOf(stem: string, ending: string, bytes: Buffer): Asset {
  const type = TYPES[ending.toLowerCase()];
  if (!type) throw new Error(`a file that ends in "${ending}" is none of ${Object.keys(TYPES).join(', ')}`);
  const hash = sha256(bytes);
  return { path: `${stem}-${hash.slice(0, 8)}${ending}`, type, bytes, etag: `"${hash}"`, immutable: true };
}

function readAsset(name: string): Asset {
  const file = join(FOLDER, name);
  const bytes = readFileSync(file);
  const brotli = existsSync(`${file}.br`) ? readFileSync(`${file}.br`) : undefined;
  const type = TYPES[extname(name)] ?? '';
  return {
    path: `/assets/${name}`,
    type,
    bytes,
    ...(brotli && { brotli }),
    etag: `"${sha256(bytes)}"`,
    immutable: true,
  };
}

/** Files of earlier builds are among them: a page that is open still asks for those. */
export function loadAssets(): Assets {
  const names = JSON.parse(readFileSync(join(FOLDER, 'names.json'), 'utf8')) as Record<string, string>;
  const nameOf = (name: string) => {
    const found = names[name];
    if (found === undefined) throw new Error(`The build left no ${name}.`);
    return found;
  };
  const style = (name: string) => readFileSync(join(FOLDER, nameOf(name)), 'utf8').trim();
  const served = readdirSync(FOLDER).filter((name) => extname(name) in TYPES);
  return {
    files: new Map(served.map((name) => [`/assets/${name}`, readAsset(name)])),
    path: (name) => `/assets/${nameOf(name)}`,
    style: style('style.css'),
    documentStyle: style('document.css'),
  };
}
