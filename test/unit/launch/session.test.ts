import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { containerOptions } from '../../../src/launch/container.ts';
import {
  type LaunchInput,
  launchLabels,
  launchVariables,
  newSessionId,
  newToken,
  pathOf,
} from '../../../src/launch/session.ts';
import { parseRepo } from '../../../src/resolve/spec.ts';
import type { Resolved } from '../../../src/types.ts';

const config = loadConfig({ HTTPS_PROXY: 'http://proxy.example:3128', SLIPWAY_SESSION_CPU: '64' });
const resolved: Resolved = {
  spec: {
    provider: 'git',
    name: 'https%3A%2F%2Fexample.org%2Fa.git',
    cloneUrl: '',
    canonicalUrl: 'https://example.org/a',
  },
  ref: '$(id)\n"x"',
  commit: 'b'.repeat(40),
};
const session = { id: 'a-12345678', token: newToken(), instance: 'i', image: 'x', bundle: '/etc/bundle.pem' };

function optionsOf(
  input: Omit<LaunchInput, 'image'>,
  reach: { network: string } | { door: string } = { network: 'n' },
) {
  const launch = { image: 'x', ...input };
  const [labels, path] = [launchLabels(launch), pathOf(launch)];
  const variables = launchVariables(launch, session.id, config);
  return containerOptions({ ...session, labels, variables, reach, ...(path !== undefined && { path }) }, config);
}

describe('an id', () => {
  it.each([
    ['org/Course 101', /^course-101-[a-z2-9]{8}$/],
    ['https%3A%2F%2Fexample.org%2Fdeep%2Fname.git', /^name-[a-z2-9]{8}$/],
    ['%E6%97%A5%E6%9C%AC', /^repository-[a-z2-9]{8}$/],
    ['--', /^repository-[a-z2-9]{8}$/],
    ['a%zz', /^azz-[a-z2-9]{8}$/],
    ['x'.repeat(300), /^x{40}-[a-z2-9]{8}$/],
  ])('from %s', (name, expected) => {
    expect(newSessionId(name)).toMatch(expected);
  });

  it('is another one each time', () => {
    expect(new Set(Array.from({ length: 100 }, () => newSessionId('a/b'))).size).toBe(100);
  });
});

describe('the container', () => {
  const options = optionsOf({ resolved, environment: { JUPYTER_TOKEN: 'mine', A: 'b' } });

  it('has no rights, limits on everything and a port on loopback only', () => {
    expect(options).toMatchObject({
      User: '1000',
      HostConfig: {
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        Memory: 2 * 2 ** 30,
        MemorySwap: 2 * 2 ** 30,
        PidsLimit: 512,
        PortBindings: { '8888/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
        RestartPolicy: { Name: 'no' },
      },
    });
    expect(options.HostConfig).not.toHaveProperty('Privileged');
  });

  it('is never given more processors than there are', () => {
    expect(options.HostConfig?.NanoCpus).toBeLessThan(64e9);
  });

  it('has the token among its variables only, where nothing can replace it', () => {
    expect(options.Env).toContain(`JUPYTER_TOKEN=${session.token}`);
    expect(options.Env).not.toContain('JUPYTER_TOKEN=mine');
    expect(JSON.stringify({ ...options, Env: [] })).not.toContain(session.token);
  });

  it('carries hostile refs as data', () => {
    expect(options.Labels?.['org.slipway.ref']).toBe('$(id)\n"x"');
  });

  it('has proxies in both spellings', () => {
    expect(options.Env).toContain('https_proxy=http://proxy.example:3128');
    expect(options.Env).toContain('HTTPS_PROXY=http://proxy.example:3128');
  });
});

describe('the variables of Binder', () => {
  const variablesOf = (repo: string) => {
    const spec = parseRepo(repo, { allowLocal: false });
    return launchVariables({ image: 'x', resolved: { spec, ref: 'HEAD', commit: 'b'.repeat(40) } }, session.id, config);
  };

  it.each([
    ['gh/Org/Some-Repo', 'https://github.com/Org/Some-Repo', '/tree/'],
    ['gl/Group%2FProject', 'https://gitlab.com/Group/Project', '/-/tree/'],
    ['https://GitHub.com/Org/Repo.git', 'https://github.com/Org/Repo', '/tree/'],
  ])('spell %s as it was asked for', (repo, url, tree) => {
    expect(variablesOf(repo)).toMatchObject({
      BINDER_SERVICE_HOST: expect.stringMatching(/^http/),
      BINDER_REPO_URL: url,
      BINDER_REF_URL: `${url}${tree}${'b'.repeat(40)}`,
      JUPYTERHUB_USER: session.id,
      JUPYTERHUB_BASE_URL: '/',
      JUPYTERHUB_SERVICE_PREFIX: '/',
    });
  });
});

describe('the container of a service', () => {
  const service = {
    name: session.id,
    url: `https://sessions.example/user/${session.id}/`,
    launchId: 'f'.repeat(32),
    client: '192.0.2.7',
  };

  it('serves below its own path, and says whose it is', () => {
    const options = optionsOf({ resolved, service });
    expect(options.Cmd).toEqual([
      'slipway-server',
      `--ServerApp.base_url=/user/${session.id}/`,
      `--NotebookApp.base_url=/user/${session.id}/`,
    ]);
    expect(options.Env).toContain(`JUPYTERHUB_SERVICE_PREFIX=/user/${session.id}/`);
    expect(options.Labels).toMatchObject({
      'org.slipway.repo': 'https://example.org/a',
      'org.slipway.launch': service.launchId,
      'org.slipway.client': service.client,
      'org.slipway.instance': 'i',
    });
  });

  it('has neither network nor port where it is cut off, and a door instead', () => {
    const options = optionsOf({ resolved, service }, { door: '/data/doors/x' });
    expect(options.HostConfig).toMatchObject({ NetworkMode: 'none', PortBindings: {} });
    expect(options.HostConfig?.Mounts).toContainEqual(expect.objectContaining({ Source: '/data/doors/x' }));
  });

  it('leaves the command alone without a service', () => {
    expect(optionsOf({ resolved }).Cmd).toBeUndefined();
  });
});
