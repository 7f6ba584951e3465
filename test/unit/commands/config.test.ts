import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shownSettings } from '../../../src/commands/config.ts';
import { loadConfig, SETTINGS } from '../../../src/config.ts';

function shown(env: Record<string, string>) {
  return Object.fromEntries(shownSettings(loadConfig(env)).map((setting) => [setting.name, setting]));
}

describe('settings shown', () => {
  it('are all there, with where each came from and what it means', () => {
    const all = shown({ SLIPWAY_SESSION_MEMORY: '512M' });
    expect(Object.keys(all)).toEqual(Object.keys(SETTINGS));
    expect(all.SLIPWAY_SESSION_MEMORY).toMatchObject({ value: '512M', source: 'environment', default: '2G' });
    expect(all.SLIPWAY_BUILD_TIME).toMatchObject({ value: '1h', default: '60m', source: 'default' });
    for (const { meaning } of Object.values(all)) expect(meaning).not.toBe('');
  });

  it('show the file that some came from, which is named in the environment alone', () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-config-'));
    const file = join(folder, 'settings.yaml');
    writeFileSync(file, 'SLIPWAY_SESSION_MEMORY: 512M\n');
    const all = shown({ SLIPWAY_CONFIG: file });
    expect(all.SLIPWAY_CONFIG).toMatchObject({ value: file, source: 'environment', default: '' });
    expect(all.SLIPWAY_SESSION_MEMORY).toMatchObject({ value: '512M', source: 'file' });
    writeFileSync(file, 'SLIPWAY_CONFIG: other.yaml\n');
    expect(() => shown({ SLIPWAY_CONFIG: file })).toThrow('a file cannot name another');
    rmSync(folder, { recursive: true });
  });

  it('can be written back as they are shown', () => {
    const all = shownSettings(loadConfig({}));
    const env = Object.fromEntries(all.map(({ name, value }) => [name, value]));
    const { sources: _a, ...again } = loadConfig(env);
    const { sources: _b, ...first } = loadConfig({});
    expect(again).toEqual(first);
  });

  it('are refused where pruning would begin below the point at which it ends', () => {
    const setting = { SLIPWAY_DISK_HIGH: '50', SLIPWAY_PORT: 'x' };
    const faults =
      'SLIPWAY_PORT: "x" is not a whole number\n  SLIPWAY_DISK_LOW: 60 is above SLIPWAY_DISK_HIGH, which is 50';
    expect(() => shown(setting)).toThrow(faults);
    expect(shown({ SLIPWAY_DISK_HIGH: '60' }).SLIPWAY_DISK_LOW?.value).toBe('60');
  });

  it('never show a password', () => {
    const all = shown({
      HTTPS_PROXY: 'http://user:p%40ss@proxy.example:3128',
      SLIPWAY_MIRROR_PYPI: 'https://reader:hunter2@index.example/simple',
      SLIPWAY_MIRROR_DEBIAN: 'http://a:s3cret@one.example/debian,http://two.example/debian',
      SLIPWAY_GITHUB_TOKEN: 'ghp_of-ours',
      SLIPWAY_GITLAB_TOKEN: 'glpat-of-ours',
    });
    expect(JSON.stringify(all)).not.toMatch(/p%40ss|hunter2|s3cret|of-ours/);
    expect(all.HTTPS_PROXY?.value).toBe('http://***@proxy.example:3128');
    expect(all.SLIPWAY_MIRROR_DEBIAN?.value).toBe('http://***@one.example/debian,http://two.example/debian');
  });
});
