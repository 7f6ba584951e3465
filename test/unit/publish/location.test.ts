import { expect, it } from 'vitest';
import { readLocation, repositoryOf } from '../../../src/publish/location.ts';

const read = (SLIPWAY_REGISTRY: string, SLIPWAY_REGISTRY_INSECURE: 'on' | 'off' = 'off') =>
  readLocation({ SLIPWAY_REGISTRY, SLIPWAY_REGISTRY_INSECURE });

it.each([
  ['registry.example.org/slipway', 'https://registry.example.org/v2/', 'slipway/base'],
  ['registry.example.org:5000/a/b-c/', 'https://registry.example.org:5000/v2/', 'a/b-c/base'],
  ['localhost:5000', 'https://localhost:5000/v2/', 'base'],
  ['[::1]:5000/x', 'https://[::1]:5000/v2/', 'x/base'],
  ['docker.io/team', 'https://registry-1.docker.io/v2/', 'team/base'],
])('%s', (setting, api, repository) => {
  const location = read(setting);
  expect(location.api.href).toBe(api);
  expect(repositoryOf(location, 'base')).toBe(repository);
});

it('speaks plain http only where it is told to', () => {
  expect(read('127.0.0.1:5000/x', 'on').api.href).toBe('http://127.0.0.1:5000/v2/');
});

it.each([
  'https://registry.example.org/x',
  'host/Upper',
  'host/a//b',
  'host/../x',
  'ho st/x',
  '-x/y',
  'user:pw@host/x',
])('refuses %s', (setting) => {
  expect(() => read(setting)).toThrow(expect.objectContaining({ code: 'bad_setting' }));
});
