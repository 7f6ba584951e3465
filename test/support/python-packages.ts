/** Real wheels and source distributions, made without Python. */
import { createHash } from 'node:crypto';
import { createGzip } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import { pack } from 'tar-stream';

export interface Distribution {
  name: string;
  version: string;
  /** Path in the archive → text. A wheel's land in site-packages; a sdist's beside its setup.py. */
  files: Record<string, string>;
  requires?: string[];
}

export interface BuiltDistribution {
  filename: string;
  bytes: Buffer;
}

const escaped = (name: string) => name.replace(/[-_.]+/g, '_').toLowerCase();

function metadata({ name, version, requires = [] }: Distribution): string {
  const needs = requires.map((requirement) => `Requires-Dist: ${requirement}\n`).join('');
  return `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n${needs}`;
}

/** A pure Python wheel with a true RECORD. */
export function makeWheel(distribution: Distribution): BuiltDistribution {
  const stem = `${escaped(distribution.name)}-${distribution.version}`;
  const info = `${stem}.dist-info`;
  const files: Record<string, string> = {
    ...distribution.files,
    [`${info}/METADATA`]: metadata(distribution),
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
  };
  const lines = Object.entries(files).map(([path, text]) => {
    const digest = createHash('sha256').update(text).digest('base64url');
    return `${path},sha256=${digest},${Buffer.byteLength(text)}`;
  });
  files[`${info}/RECORD`] = `${[...lines, `${info}/RECORD,,`].join('\n')}\n`;
  const zipped = zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)])), {
    mtime: '2020-01-01T00:00:00Z',
  });
  return { filename: `${stem}-py3-none-any.whl`, bytes: Buffer.from(zipped) };
}

/** A `.tar.gz` with PKG-INFO; `files` has to hold what builds it (setup.py). */
export async function makeSdist(distribution: Distribution): Promise<BuiltDistribution> {
  const stem = `${escaped(distribution.name)}-${distribution.version}`;
  const tar = pack();
  const files = { ...distribution.files, 'PKG-INFO': metadata(distribution) };
  for (const [path, text] of Object.entries(files)) tar.entry({ name: `${stem}/${path}`, mode: 0o644 }, text);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar.pipe(createGzip())) chunks.push(chunk as Buffer);
  return { filename: `${stem}.tar.gz`, bytes: Buffer.concat(chunks) };
}
