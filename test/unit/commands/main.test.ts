/** The command line as a process: what goes where, and how it ends. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const tsx = join('node_modules', '.bin', 'tsx');
let data: string;
beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'slipway-main-'));
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

function slipway(words: string[], env: Record<string, string> = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const options = { env: { ...process.env, SLIPWAY_DATA: data, ...env } };
    execFile(tsx, ['src/main.ts', ...words], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

describe('slipway', () => {
  it('prints help and version to stdout', async () => {
    const [help, version, plan] = await Promise.all([
      slipway(['--help']),
      slipway(['--version']),
      slipway(['plan', '-h']),
    ]);
    expect(help.code).toBe(0);
    for (const name of ['plan', 'build', 'launch', 'sessions', 'stop', 'config', 'doctor']) {
      expect(help.stdout).toContain(`slipway ${name}`);
    }
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(plan.stdout).toMatch(/^Usage: slipway plan <repo>/);
  });

  it('ends with 2 and the nearest word on bad usage, nothing on stdout', async () => {
    const [nothing, command, option] = await Promise.all([
      slipway([]),
      slipway(['lanuch', 'x']),
      slipway(['plan', '--jsn', 'x']),
    ]);
    expect([nothing.code, command.code, option.code]).toEqual([2, 2, 2]);
    expect(nothing.stdout + command.stdout + option.stdout).toBe('');
    expect(command.stderr).toContain('slipway launch?');
    expect(option.stderr).toContain('--json?');
  });

  it('refuses a name for the image before anything is looked up', async () => {
    const { code, stdout } = await slipway(['build', '--json', '--image', 'Not/A Name', 'gh/o/r'], {
      DOCKER_HOST: 'unix:///nowhere',
    });
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ phase: 'failed', code: 'bad_usage' });
  });

  it('reports settings that cannot be used all at once, to programs as one failed event', async () => {
    const bad = { SLIPWAY_SESSION_MEMORY: 'lots', SLIPWAY_NO_SUCH: 'x' };
    const [people, programs] = await Promise.all([slipway(['config'], bad), slipway(['config', '--json'], bad)]);
    expect([people.code, programs.code]).toEqual([2, 2]);
    expect(people.stderr).toMatch(/SLIPWAY_SESSION_MEMORY[\s\S]*SLIPWAY_NO_SUCH/);
    expect(JSON.parse(programs.stdout)).toMatchObject({ phase: 'failed', code: 'bad_setting' });
  });

  it('says which engine is missing', async () => {
    const { code, stdout, stderr } = await slipway(['sessions', '--json'], { DOCKER_HOST: `unix://${data}/none.sock` });
    expect(code).toBe(11);
    expect(JSON.parse(stdout)).toMatchObject({ phase: 'failed', code: 'engine_missing' });
    expect(stderr).toContain('What to do:');
  });

  it('survives a reader that goes away', async () => {
    const command = `${tsx} src/main.ts config | head -c 1`;
    const [stdout, stderr] = await new Promise<string[]>((resolve) => {
      execFile('sh', ['-c', command], (_error, out, err) => resolve([out, err]));
    });
    expect(stdout).toHaveLength(1);
    expect(stderr).not.toContain('EPIPE');
  });
});
