/** The index as of a day, with a real one on loopback behind it. */
import { execFile } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../../buildpacks/conda/dated_index.py', import.meta.url));
/** Prints the status and the text of a page, and of the first file that it leads to, as a pip that is run in it would see it. */
const ASK = `
import os, re, sys, urllib.request, urllib.error
try:
    with urllib.request.urlopen(os.environ["PIP_INDEX_URL"] + sys.argv[1]) as answer:
        page = answer.read().decode()
        print(answer.status, page)
    for url in re.findall(r'<a href="(http[^"#]*)', page)[:1]:
        with urllib.request.urlopen(url) as file:
            print("file:", file.read().decode())
except urllib.error.HTTPError as error:
    print(error.code)
    sys.exit(1)
`;

let server: Server | undefined;
afterEach(() => server?.close());

interface Asked {
  url: string | undefined;
  authorization: string | undefined;
}

/** What a pip that asks for `path` is told by an index that answers so. */
async function ask(
  path: string,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  { cutoff = '2017-06-10T23:59:59Z', user = '' } = {},
) {
  const asked: Asked[] = [];
  server = createServer((request, response) => {
    asked.push({ url: request.url, authorization: request.headers.authorization });
    answer(request, response);
  });
  await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { PATH: process.env.PATH, PIP_INDEX_URL: `http://${user}${host}/simple`, no_proxy: '127.0.0.1' };
  const run = await promisify(execFile)('python3', [SCRIPT, cutoff, 'python3', '-c', ASK, path], { env }).catch(
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  return { asked, code: 'code' in run ? run.code : 0, stdout: run.stdout.trim().replaceAll(host, 'index') };
}

const json = (files: object[]) => (request: IncomingMessage, response: ServerResponse) =>
  request.url?.startsWith('/files/')
    ? response.end(`all of ${request.url}`)
    : response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json').end(JSON.stringify({ files }));

test('has the files up to the day, with what pip has to know of each', async () => {
  const file = (version: string, day: string, more: object = {}) => ({
    filename: `six-${version}.tar.gz`,
    url: `../../files/six-${version}.tar.gz`,
    hashes: { sha256: 'ab' },
    'upload-time': `${day}T10:00:00.123456Z`,
    ...more,
  });
  const { stdout, asked } = await ask(
    'six/',
    json([
      file('1.0', '2016-01-01', { 'requires-python': '<3,>=2.7', yanked: 'broken & <b>worse</b>' }),
      file('1.1', '2017-06-10'),
      file('1.2', '2017-06-11'),
      { ...file('1.3', '2018-01-01'), 'upload-time': undefined },
    ]),
  );
  expect(asked).toMatchObject([{ url: '/simple/six/' }, { url: '/files/six-1.0.tar.gz' }]);
  expect(stdout).toContain('file: all of /files/six-1.0.tar.gz');
  expect(stdout.replaceAll(/http:\/\/127\.0\.0\.1:\d+\//g, '/').match(/<a .*/g)).toEqual([
    '<a href="/-/0/six-1.0.tar.gz#sha256=ab" data-requires-python="&lt;3,&gt;=2.7" data-yanked="">six-1.0.tar.gz</a><br>',
    '<a href="/-/1/six-1.1.tar.gz#sha256=ab">six-1.1.tar.gz</a><br>',
    '<a href="/-/2/six-1.3.tar.gz#sha256=ab">six-1.3.tar.gz</a><br>',
  ]);
  expect((await ask('six/', json([file('1.2', '2017-06-11')]), { cutoff: 'none' })).stdout).toContain('six-1.2');
});

test('passes on a page without days, its links as they are, and the operator’s password', async () => {
  const page = '<html><body><a href="../../six-1.0.tar.gz">six</a></body></html>';
  const { stdout, asked } = await ask(
    'six/',
    (_, response) => response.setHeader('content-type', 'text/html').end(page),
    { user: 'me:p%40ss@' },
  );
  expect(stdout).toBe(
    `200 <base href="http://index/simple/six/">${page}\nslipway: the package index has no days of uploads: what pip installs is as of today`,
  );
  expect(asked).toMatchObject([{ authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}` }]);
});

test('files that only a password leads to are fetched for pip, which is not told it, and nor is whoever is led to', async () => {
  const file = { filename: 'six-1.0.tar.gz', url: '/files/six-1.0.tar.gz', 'upload-time': '2017-01-01T00:00:00Z' };
  const elsewhere: IncomingMessage[] = [];
  const other = createServer((request, response) => {
    elsewhere.push(request);
    json([file])(request, response);
  });
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  const place = `http://127.0.0.1:${(other.address() as AddressInfo).port}/six/`;
  try {
    const own = await ask('six/', json([file]), { user: 'me:pass@' });
    const authorization = `Basic ${Buffer.from('me:pass').toString('base64')}`;
    expect(own.asked).toMatchObject([{ authorization }, { url: '/files/six-1.0.tar.gz', authorization }]);
    expect(own.stdout).not.toContain('pass');
    await ask('six/', (_, response) => response.writeHead(302, { location: place }).end(), { user: 'me:pass@' });
    expect(elsewhere.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  } finally {
    other.close();
  }
});

test.each([
  ['is cut short', (response: ServerResponse) => response.writeHead(200, { 'content-length': 99 }).end('{')],
  ['is no list', (response: ServerResponse) => response.end('{"files": {"a": 1}}')],
])('an answer that %s is none', async (_, end) => {
  const type = 'application/vnd.pypi.simple.v1+json';
  const found = await ask('six/', (_request, response) => end(response.setHeader('content-type', type)));
  expect(found).toMatchObject({ code: 75, stdout: '502' });
});

test.each([
  [404, 1],
  [503, 75],
])('says of a project that it is not there, and of an index that does not answer so: %i', async (status, code) => {
  const found = await ask('no-such/', (_, response) => response.writeHead(status).end());
  expect(found).toMatchObject({ code, stdout: status === 404 ? '404' : '502' });
});

test.each(['../', '../secret/', 'six/../../x/', '%2e%2e/x/', 'six%0d%0aX: y/', ''])(
  'asks for projects only: %s',
  async (path) => {
    const { asked, code } = await ask(path, json([]));
    expect({ asked, code }).toEqual({ asked: [], code: 1 });
  },
);
