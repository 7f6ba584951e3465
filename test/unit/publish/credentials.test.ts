import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findCredentials } from '../../../src/publish/credentials.ts';

let folder: string;
const path = process.env.PATH;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docker-config-'));
  process.env.PATH = `${folder}:${path}`;
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true, force: true });
});

function find(config: object | string, host = 'registry.example.org:5000', login: [string, string] = ['', '']) {
  writeFileSync(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  const [SLIPWAY_REGISTRY_USERNAME, SLIPWAY_REGISTRY_PASSWORD] = login;
  return findCredentials({ SLIPWAY_REGISTRY_USERNAME, SLIPWAY_REGISTRY_PASSWORD, DOCKER_CONFIG: folder }, host);
}

function helper(name: string, script: string): void {
  const file = join(folder, `docker-credential-${name}`);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') });

it('takes the settings before anything of docker', async () => {
  const { credentials } = await find({ auths: { 'registry.example.org:5000': auth('a:b') } }, undefined, ['u', 'p']);
  expect(credentials).toEqual({ username: 'u', password: 'p' });
});

it("reads docker's config.json, in the spellings that docker wrote over the years", async () => {
  for (const key of ['registry.example.org:5000', 'https://registry.example.org:5000/v2/'])
    expect((await find({ auths: { [key]: auth('ada:a:b') } })).credentials).toEqual({
      username: 'ada',
      password: 'a:b',
    });
  const hub = await find({ auths: { 'https://index.docker.io/v1/': { identitytoken: 't' } } }, 'docker.io');
  expect(hub.credentials).toEqual({ identityToken: 't' });
});

it('says for which hosts there would be some', async () => {
  const { credentials, others } = await find({
    auths: { 'other.example.org': auth('a:b') },
    credHelpers: { 'x.org': 'y' },
  });
  expect(credentials).toBeUndefined();
  expect(others).toEqual(['other.example.org', 'x.org']);
});

it('is content with no file, and says which one cannot be read without quoting it', async () => {
  rmSync(join(folder, 'config.json'), { force: true });
  const settings = { SLIPWAY_REGISTRY_USERNAME: '', SLIPWAY_REGISTRY_PASSWORD: '', DOCKER_CONFIG: folder };
  expect((await findCredentials(settings, 'x.org')).credentials).toBeUndefined();
  const error = await find('{"auths": {"x": {"auth": "c2VjcmV0').catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ code: 'bad_setting' });
  expect(String(error)).not.toContain('c2VjcmV0');
});

it('asks the helper of the host, else the store, on its standard input', async () => {
  helper('one', `read host; test "$1" = get || exit 1; echo '{"ServerURL":"x","Username":"ada","Secret":"'"$host"'"}'`);
  helper('two', `echo '{"Username":"<token>","Secret":"t"}'`);
  const config = { credHelpers: { 'registry.example.org:5000': 'one' }, credsStore: 'two' };
  expect((await find(config)).credentials).toEqual({ username: 'ada', password: 'registry.example.org:5000' });
  expect((await find(config, 'other.org')).credentials).toEqual({ identityToken: 't' });
});

it('goes on to the file when a store knows nothing', async () => {
  helper('none', 'echo "credentials not found in native keychain"; exit 1');
  const { credentials } = await find({ credsStore: 'none', auths: { 'registry.example.org:5000': auth('a:b') } });
  expect(credentials).toEqual({ username: 'a', password: 'b' });
});

it('tells of a helper that fails, without what it said', async () => {
  helper('bad', 'echo "s3cret"; echo "s3cret" >&2; exit 3');
  for (const name of ['bad', 'absent', '../../bin/sh', 'x;id']) {
    const error = await find({ credsStore: name }).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'registry_login_missing' });
    expect(String(error)).not.toContain('s3cret');
  }
});
