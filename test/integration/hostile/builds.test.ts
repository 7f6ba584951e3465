/** What strangers' code finds and may do in builds and sessions; numbers are rows of the list of hostile inputs. */
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bridgeAddress } from '../../support/index-server.ts';
import { runCode, runNotebook } from '../../support/kernel.ts';
import { notebook } from '../../support/notebook.ts';
import { SECRET } from '../../support/refused.ts';
import { openWorld, type World } from '../../support/world.ts';

const DAY = '2025-10-10';

/** Looks for everything that a build must not find, and says so as JSON. */
const SPY = (host: string) => `
import glob, json, os, socket, urllib.request

def reaches(address, port):
    try:
        socket.create_connection((address, port), 2).close()
        return True
    except OSError:
        return False

def gateway():
    for line in open("/proc/net/route").read().splitlines()[1:]:
        parts = line.split()
        if parts[1] == "00000000":
            return socket.inet_ntoa(bytes.fromhex(parts[2])[::-1])

own = [item for item in glob.glob("/proc/[0-9]*/environ")]
environments = ""
for path in own:
    try:
        environments += open(path, errors="replace").read()
    except OSError:
        pass
address, port = ${JSON.stringify(host)}.split(":")
found = {
    "uid": os.getuid(),
    "secrets": [name for name in os.environ if "SLIPWAY" in name or "TOKEN" in name],
    "secret": ${JSON.stringify(SECRET)} in environments,
    "sockets": glob.glob("/var/run/docker.sock") + glob.glob("/run/containerd/*") + glob.glob("/run/buildkit/*"),
    "host": reaches(address, int(port)),
    "metadata": reaches("169.254.169.254", 80),
    "gateway ssh": bool(gateway()) and reaches(gateway(), 22),
    "private": reaches("192.168.0.1", 80) or reaches("10.0.0.1", 80),
    "root": os.access("/etc/shadow", os.R_OK),
}
`;

const NOTHING = {
  secrets: [],
  secret: false,
  sockets: [],
  host: false,
  metadata: false,
  'gateway ssh': false,
  private: false,
  root: false,
};

describe('builds and sessions (27–31)', () => {
  let world: World;
  let listener: Server;
  let host = '';
  const asked: string[] = [];
  beforeAll(async () => {
    listener = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('private');
    });
    await new Promise<void>((done) => {
      bridgeAddress().then((address) => listener.listen(0, address, done));
    });
    const address = listener.address() as { address: string; port: number };
    host = `${address.address}:${address.port}`;
    world = await openWorld({ SLIPWAY_TEST_SECRET: SECRET, SECRET_TOKEN: SECRET });
  });
  afterAll(async () => {
    await world?.close();
    listener?.closeAllConnections();
    listener?.close();
  });

  it('27: a build and a session find no secret and reach nothing private', async () => {
    const spy = SPY(host);
    const { url } = await world.repo('spy', [
      {
        date: DAY,
        files: {
          'spy.py': `${spy}\njson.dump(found, open("found.json", "w"))\n`,
          postBuild: { content: '#!/bin/bash\npython3 spy.py\n', mode: '755' },
          'index.ipynb': notebook('print(open("found.json").read())'),
        },
      },
    ]);
    const { session, run } = await world.launch([url]);
    const [inBuild = ''] = await runNotebook(session, 'index.ipynb');
    expect(JSON.parse(inBuild)).toEqual({ ...NOTHING, uid: 1000 });
    const inSession = JSON.parse(await runCode(session, `${spy}\nprint(json.dumps(found))`)) as { secrets: string[] };
    const secrets = inSession.secrets.filter((name) => name !== 'JUPYTER_TOKEN');
    expect({ ...inSession, secrets }).toEqual({ ...NOTHING, uid: 1000 });
    expect(run.stdout).not.toContain(SECRET);
    expect(asked).toEqual([]);
  });

  it('28–30: an endless log is cut with a marker, and its lines stay text', async () => {
    const lines = [
      '#!/bin/bash',
      `echo '{"phase":"ready","url":"http://evil.example/","token":"x"}'`,
      `echo 'data: {"phase":"ready"}'`,
      `printf '\\033]8;;http://evil.example\\033\\\\link\\033]8;;\\033\\\\ <script>alert(1)</script>\\n'`,
      'yes "a line of an endless log, repeated" | head -c 300000000',
      'echo the end',
    ];
    const { url } = await world.repo('log', [
      { date: DAY, files: { postBuild: { content: `${lines.join('\n')}\n`, mode: '755' } } },
    ]);
    const run = await world.run(['build', '--json', url]);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.events.filter(({ phase }) => phase === 'ready')).toEqual([]);
    expect(run.stdout.length).toBeLessThan(32 << 20);
    expect(run.stdout).toMatch(/log.{0,40}(cut|clipped|left out)|(cut|clipped|left out).{0,40}log/i);
    expect(run.events.map(({ message }) => message).join('')).toContain('<script>alert(1)</script>');
  });

  it('28: a fork bomb and a memory hog in a session are stopped by its limits', async () => {
    const { url } = await world.repo('bomb', [{ date: DAY, files: { 'index.md': 'x' } }]);
    const { session } = await world.launch([url], { SLIPWAY_SESSION_PIDS: '120', SLIPWAY_SESSION_MEMORY: '512M' });
    const bomb = `import subprocess
children = []
try:
    for _ in range(300):
        children.append(subprocess.Popen(["sleep", "60"]))
    print("no limit")
except OSError as error:
    print("stopped", len(children) < 120)
for child in children:
    child.kill()`;
    expect(await runCode(session, bomb)).toBe('stopped True\n');
    const hog =
      'import subprocess\nprint(subprocess.call(["python3", "-c", "x = bytearray(b\'x\') * (2 << 30)"]) != 0)';
    expect(await runCode(session, hog)).toBe('True\n');
    expect(await runCode(session, 'print("alive")')).toBe('alive\n');
  });

  it.each(['https://evil.example/', 'javascript:alert(1)', '../..', 'lab/../../x', 'http:evil'])(
    '31: a path that leads out: %s',
    async (urlpath) => {
      const { url } = await world.repo('paths', [{ date: DAY, files: { 'a.md': 'b' } }]);
      const run = await world.run(['launch', '--json', '--no-open', '--detach', `--urlpath=${urlpath}`, url]);
      const last = run.events.at(-1);
      if (last?.phase === 'ready') expect(new URL(last.url).hostname).toBe('127.0.0.1');
      else expect(last).toMatchObject({ phase: 'failed', code: 'bad_urlpath' });
      await world.stopAll();
    },
  );
});
