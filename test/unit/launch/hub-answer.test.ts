/** Whether a server that a hub has started is the one that was asked for, by what it answers. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { untilAnswer } from '../../../src/launch/hub-answer.ts';
import { HubClient } from '../../../src/launch/hub-client.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const COMMIT = 'c'.repeat(40);
const signal = new AbortController().signal;

/** Asks a server that answers these paths with these bodies, `api/status` with 200, and everything else with 404. */
async function judge(answers: Record<string, unknown>): Promise<void> {
  const all: Record<string, unknown> = { status: {}, ...answers };
  const server = createServer((request, response) => {
    const path = request.url?.replace('/user/a/api/', '') ?? '';
    const body = all[path];
    const isKnown = path in all && request.headers.authorization === 'token secret';
    response.writeHead(isKnown ? 200 : 404).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const SLIPWAY_HUB_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const hub = new HubClient(loadConfig({ SLIPWAY_HUB_URL, SLIPWAY_HUB_TOKEN: 'x' }));
  const url = `${SLIPWAY_HUB_URL}/user/a/`;
  const facts = { id: 'a', image: 'r.example.org/content:1', repo: '', ref: '', commit: COMMIT, startedAt: '' };
  await untilAnswer(hub, { ...facts, url, link: url, token: 'secret' }, signal);
}

const kernels = (...commands: unknown[]) => ({
  default: 'python3',
  kernelspecs: Object.fromEntries(commands.map((argv, index) => [`k${index}`, { name: `k${index}`, spec: { argv } }])),
});
const MARK = 'config/slipway';

describe('is taken for right', () => {
  it.each<[string, Record<string, unknown>]>([
    ['an image of the commit, whatever its kernels', { [MARK]: { commit: COMMIT }, kernelspecs: kernels(['R']) }],
    ['a server that is not asked such things', {}],
    ['one that answers with a page', { [MARK]: '<html>', kernelspecs: kernels(['python']) }],
    ['one whose answer has no end', { [MARK]: JSON.stringify({ commit: 'x'.repeat(300_000) }) }],
    ['an image from before the mark', { [MARK]: {}, kernelspecs: kernels(['R'], ['/srv/jupyter/bin/python', '-m']) }],
    [
      'one whose kernel is started by another program',
      { [MARK]: {}, kernelspecs: kernels(['xeus', '/srv/env/bin/python']) },
    ],
    ['one that does not tell its kernels', { [MARK]: {} }],
    ['one without kernels', { [MARK]: {}, kernelspecs: kernels() }],
    ['one with kernels of no known kind', { [MARK]: {}, kernelspecs: { kernelspecs: { a: null, b: { spec: 1 } } } }],
  ])('%s', async (_, answers) => {
    await expect(judge(answers)).resolves.toBeUndefined();
  });
});

describe('is found out', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['an image of another commit', { [MARK]: { commit: 'd'.repeat(40) } }, /files of another commit/],
    ["somebody else's image", { [MARK]: {}, kernelspecs: kernels(['/opt/conda/bin/python']) }, /no kernel of an image/],
    [
      "one of repo2docker's",
      { [MARK]: {}, kernelspecs: kernels(['/srv/conda/envs/notebook/bin/python']) },
      /no kernel/,
    ],
  ])('%s', async (_, answers, said) => {
    await expect(judge(answers)).rejects.toMatchObject({
      code: 'hub_image_ignored',
      message: expect.stringMatching(said),
    });
  });
});
