/** Content put into the real engine without a build. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readFileFromImage } from '../../src/build/image-files.ts';
import { imageInfo } from '../../src/build/inspect.ts';
import { loadContent, relabel } from '../../src/build/load.ts';
import { ensureRootfs } from '../../src/build/rootfs.ts';
import { loadConfig } from '../../src/config.ts';
import { connectEngine } from '../../src/engine.ts';
import { writeContentLayer } from '../../src/render/content-layer.ts';
import type { Checkout } from '../../src/types.ts';
import { memoryCheckout } from '../support/checkout.ts';
import { smallTemporaryDisk } from '../support/small-disk.ts';

const data = mkdtempSync(join(tmpdir(), 'slipway-content-'));
const root = join(data, 'repo');
const config = loadConfig({ SLIPWAY_DATA: data, SLIPWAY_BASE_SOURCE: 'debootstrap' });
const TAG = `slipway/test-content:${process.pid}`;
let docker: Docker;
let parentImage: string;

const deps = () => ({ docker, config, emit: () => {}, signal: new AbortController().signal });

function checkout(): Checkout {
  const paths = readdirSync(root).sort();
  return { ...memoryCheckout({}, { commitDate: '2022-05-10T12:00:00Z' }), root, paths: async () => paths };
}

function load(engine: Docker = docker) {
  const input = {
    parentImage,
    tag: TAG,
    labels: { 'org.slipway.tier': 'content' },
    environment: { REPO_DIR: '/home/jovyan/a b', ODD: `"quotes", $dollars and 'more'` },
    workdir: '/home/jovyan/a b',
    created: '2022-05-10T12:00:00.000Z',
    writeLayer: (sink: NodeJS.WritableStream) =>
      writeContentLayer(checkout(), { executables: ['start'], keep: [] }, sink as never),
  };
  return loadContent(input, { ...deps(), docker: engine });
}

async function run(command: string): Promise<string> {
  const container = await docker.createContainer({ Image: TAG, User: '1000', Cmd: ['sh', '-c', command], Tty: true });
  try {
    const stream = await container.attach({ stream: true, stdout: true });
    await container.start();
    let output = '';
    for await (const chunk of stream) output += chunk;
    return output.replaceAll('\r', '').trim();
  } finally {
    await container.remove({ force: true });
  }
}

beforeAll(async () => {
  const kept = join(loadConfig().SLIPWAY_DATA, 'rootfs');
  mkdirSync(kept, { recursive: true });
  symlinkSync(kept, join(data, 'rootfs'));
  mkdirSync(root);
  writeFileSync(join(root, 'notebook.ipynb'), '{}');
  writeFileSync(join(root, 'secret.txt'), 'committed by mistake');
  writeFileSync(join(root, 'start'), '#!/bin/sh\n');
  docker = await connectEngine(config);
  parentImage = await ensureRootfs('bookworm', deps());
});

afterAll(async () => {
  await docker.getImage(TAG).remove({ force: true });
  rmSync(data, { recursive: true, force: true });
});

it('gives an image with the files, variables and folder, and its layers readable', async () => {
  const { imageId } = await load();
  const info = await imageInfo(docker, TAG);
  expect(info?.id).toBe(imageId);
  expect(info?.labels['org.slipway.tier']).toBe('content');
  const said = await run('pwd; echo "$ODD"; stat -c "%U %u %a %Y" /home/jovyan/start; cat /home/jovyan/notebook.ipynb');
  expect(said.split('\n')).toEqual([
    '/home/jovyan/a b',
    `"quotes", $dollars and 'more'`,
    expect.stringMatching(/ 1000 755 1652184000$/),
    '{}',
  ]);
  const history = (await docker.getImage(TAG).history()) as { Comment: string }[];
  expect(history[0]?.Comment).toBe('slipway');
  expect(history).toHaveLength(info?.layers.length ?? 0);
});

it('is the same image for the same commit, and keeps nothing of the one before', async () => {
  const first = await load();
  expect((await load()).imageId).toBe(first.imageId);
  unlinkSync(join(root, 'secret.txt'));
  writeFileSync(join(root, 'notebook.ipynb'), '{"cells": []}');
  const second = await load();
  expect(second.imageId).not.toBe(first.imageId);
  expect((await imageInfo(docker, TAG))?.layers).toHaveLength(
    ((await imageInfo(docker, parentImage))?.layers.length as number) + 1,
  );
  expect(await readFileFromImage(docker, TAG, '/home/jovyan/secret.txt', config)).toBeUndefined();
  expect(await imageInfo(docker, first.imageId)).toBeUndefined();
});

it('relabels without a build, and leaves no image behind', async () => {
  const { imageId } = await load();
  const relabelled = await relabel(docker, TAG, TAG, { 'org.slipway.resolved-as-of': '2022-05-10' });
  const info = await imageInfo(docker, TAG);
  expect(info?.id).toBe(relabelled);
  expect(info?.labels).toMatchObject({ 'org.slipway.tier': 'content', 'org.slipway.resolved-as-of': '2022-05-10' });
  expect(await imageInfo(docker, imageId)).toBeUndefined();
});

it('builds and commits instead in an engine whose load wants every layer', async () => {
  const picky = Object.assign(Object.create(docker) as Docker, {
    loadImage: async (tar: NodeJS.ReadableStream) => {
      for await (const _chunk of tar);
      return Readable.from(['{"errorDetail":{"message":"blob not found"},"error":"blob not found"}\n']);
    },
  });
  await load(picky);
  const before = (await imageInfo(docker, TAG))?.id;
  await relabel(picky, TAG, TAG, { more: 'labels "quoted"' });
  const info = await imageInfo(docker, TAG);
  expect(info?.id).not.toBe(before);
  expect(info?.labels).toMatchObject({ 'org.slipway.tier': 'content', more: 'labels "quoted"' });
  const said = await run('pwd; echo "$ODD"; stat -c "%u %a %Y" /home/jovyan/start; cat /home/jovyan/notebook.ipynb');
  expect(said.split('\n')).toEqual([
    '/home/jovyan/a b',
    `"quotes", $dollars and 'more'`,
    '1000 755 1652184000',
    '{"cells": []}',
  ]);
});

it('says that the disk of temporary files is full', async () => {
  const small = join(data, 'small');
  writeFileSync(join(root, 'data.bin'), Buffer.alloc(2 ** 20));
  const unmount = smallTemporaryDisk(small, '512k');
  try {
    const full = {
      code: 'disk_full',
      message: expect.stringContaining(small),
      hint: expect.stringContaining('TMPDIR'),
    };
    await expect(load()).rejects.toMatchObject(full);
    expect(readdirSync(small)).toEqual([]);
    // The engine was asked already, and waits for nothing any more.
    const { DockerRootDir } = (await docker.info()) as { DockerRootDir: string };
    const unpacking = () => readdirSync(join(DockerRootDir, 'tmp')).filter((name) => name.startsWith('docker-import-'));
    await expect.poll(unpacking).toEqual([]);
  } finally {
    unmount();
  }
});

it('leaves no file in the folder for temporary files', () => {
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('slipway-layer-'))).toEqual([]);
});
