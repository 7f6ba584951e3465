/** The writer of content layers on real folders and a real git repository. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { extract } from 'tar-stream';
import { afterEach, expect, it } from 'vitest';
import { type ContentLayerOptions, writeContentLayer } from '../../../src/render/content-layer.ts';
import type { Checkout } from '../../../src/types.ts';
import { memoryCheckout } from '../../support/checkout.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderWith(make: (root: string) => void): Checkout {
  const root = mkdtempSync(join(tmpdir(), 'layer-'));
  folders.push(root);
  make(root);
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  const paths = entries
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((path) => !path.startsWith('.git/'));
  const memory = memoryCheckout({}, { commitDate: '2022-05-10T12:00:00Z' });
  return {
    ...memory,
    root,
    paths: async () => paths.sort(),
    read: async (path) => readFileSync(join(root, path), 'utf8'),
  };
}

async function layerOf(checkout: Checkout, options: Partial<ContentLayerOptions> = {}) {
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  const written = await writeContentLayer(checkout, { executables: [], keep: [], ...options }, sink);
  const bytes = Buffer.concat(chunks);
  const entries: Record<
    string,
    { type: string; mode: number; uid: number; mtime: number; link: string; text: string }
  > = {};
  const reader = extract();
  reader.end(bytes);
  for await (const entry of reader) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    const { name, type, mode, uid, mtime, linkname } = entry.header;
    entries[name] = {
      type: String(type),
      mode: mode ?? 0,
      uid: uid ?? 0,
      mtime: (mtime?.getTime() ?? 0) / 1000,
      link: linkname ?? '',
      text: Buffer.concat(parts).toString(),
    };
  }
  return { ...written, bytes, entries, names: Object.keys(entries) };
}

function sample(root: string): void {
  mkdirSync(join(root, 'd/é'), { recursive: true });
  writeFileSync(join(root, 'd/é/a.txt'), 'a');
  writeFileSync(join(root, 'run.sh'), '#!/bin/sh\n');
  chmodSync(join(root, 'run.sh'), 0o700);
  writeFileSync(join(root, 'plain'), 'x', { mode: 0o600 });
  writeFileSync(join(root, 'large.bin'), Buffer.alloc(600_000, 7));
  symlinkSync('../plain', join(root, 'd/link'));
}

it('gives the same bytes for the same files, whenever and by whomever they were written', async () => {
  const first = await layerOf(folderWith(sample));
  const later = folderWith((root) => {
    sample(root);
    for (const name of ['run.sh', 'plain']) utimesSync(join(root, name), 1, 1);
    chmodSync(join(root, 'plain'), 0o640);
  });
  const second = await layerOf(later);
  expect(second.bytes.equals(first.bytes)).toBe(true);
  expect(second.diffId).toBe(first.diffId);
  expect(first.size).toBe(first.bytes.length);
});

it('belongs to the user, with the date of the commit, modes made even and links kept', async () => {
  const { entries, names } = await layerOf(folderWith(sample), { executables: ['plain'] });
  const home = (path: string) => entries[`home/jovyan/${path}`];
  expect(names).toEqual([...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  expect(home('run.sh')?.mode).toBe(0o755);
  expect(home('plain')?.mode).toBe(0o755);
  expect(home('large.bin')).toMatchObject({ mode: 0o644, uid: 1000, mtime: Date.UTC(2022, 4, 10, 12) / 1000 });
  expect(home('d/link')).toMatchObject({ type: 'symlink', link: '../plain' });
  expect(home('d/é/a.txt')?.text).toBe('a');
  expect(home('d/é/')?.type).toBe('directory');
});

it('leaves out what the ignore file says, but never environment files or git', async () => {
  const make = (root: string) => {
    sample(root);
    writeFileSync(join(root, 'requirements.txt'), 'six\n');
    writeFileSync(join(root, '.dockerignore'), '*\n!d\n');
    execFileSync('git', ['init', '-q', root]);
    execFileSync('git', ['-C', root, 'add', 'plain']);
    execFileSync('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'x']);
    writeFileSync(join(root, '.git/FETCH_HEAD'), 'secret');
  };
  const { names } = await layerOf(folderWith(make), { ignoreFile: '.dockerignore', keep: ['requirements.txt'] });
  const inHome = names.map((name) => name.slice('home/jovyan/'.length));
  expect(inHome).toContain('requirements.txt');
  expect(inHome).toContain('d/é/a.txt');
  expect(inHome).toContain('.git/HEAD');
  expect(inHome).toContain('.git/refs/tags/');
  expect(inHome).not.toContain('plain');
  expect(inHome).not.toContain('large.bin');
  expect(inHome.filter((name) => /^\.git\/(?:logs|hooks|FETCH_HEAD)/.test(name))).toEqual([]);
});

it('says which commit it is of where any Jupyter server tells it, as root', async () => {
  const { entries } = await layerOf(folderWith(sample));
  for (const folder of ['serverconfig', 'nbconfig']) {
    const mark = entries[`usr/local/etc/jupyter/${folder}/slipway.json`];
    expect(mark).toMatchObject({ mode: 0o644, uid: 0, mtime: Date.UTC(2022, 4, 10, 12) / 1000 });
    expect(JSON.parse(mark?.text ?? '')).toEqual({ commit: memoryCheckout({}).resolved.commit });
    expect(entries[`usr/local/etc/jupyter/${folder}/`]).toMatchObject({ type: 'directory', mode: 0o755, uid: 0 });
  }
});
