/** What set-up says of engines that it cannot use; what it installs is tested by installing it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let folder: string;
let server: Server | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-setup-'));
});
afterEach(async () => {
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const SCRIPT = `import('./bin/setup/engine.mjs').then((engine) => engine.requireEngine())
  .catch((error) => { console.error(error.message); process.exit(error.exit); })`;

function requireEngine() {
  const env = { ...process.env, DOCKER_HOST: `unix://${folder}/engine.sock` };
  return new Promise<{ code: number; stderr: string }>((resolve) => {
    execFile(process.execPath, ['-e', SCRIPT], { env }, (error, _stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stderr }),
    );
  });
}

async function listen(headers: Record<string, string>) {
  server = createServer((_request, response) => response.writeHead(200, headers).end('OK'));
  await new Promise<void>((resolve) => server?.listen(join(folder, 'engine.sock'), resolve));
}

describe('an engine named by DOCKER_HOST', () => {
  it('is used as it is when it answers', async () => {
    await listen({ server: 'Docker/27.0 (linux)' });
    expect(await requireEngine()).toEqual({ code: 0, stderr: '' });
  });

  it('is refused by name when it is Podman', async () => {
    await listen({ server: 'Libpod/5.0 (linux)', 'libpod-api-version': '5.0.0' });
    const { code, stderr } = await requireEngine();
    expect(code).toBe(12);
    expect(stderr).toMatch(/Podman answers/);
  });

  it('is missed when nothing answers, and nothing is installed in its place', async () => {
    const { code, stderr } = await requireEngine();
    expect(code).toBe(11);
    expect(stderr).toMatch(/nothing answers at DOCKER_HOST[\s\S]*What to do:/);
  });
});
