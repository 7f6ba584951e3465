import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PROVIDERS } from '../../../src/resolve/registry.ts';
import { parseRepo } from '../../../src/resolve/spec.ts';

test('the registry and the folder of providers agree', () => {
  const files = readdirSync(new URL('../../../src/resolve/providers', import.meta.url));
  expect(PROVIDERS.map(({ name }) => `${name}.ts`).sort()).toEqual(files.sort());
});

test.each(PROVIDERS.map((provider) => [provider.name, provider.example]))(
  'the example of %s is accepted',
  (name, example) => {
    const input = example.replace('user/id', 'user/0123abcd');
    expect(parseRepo(input, { allowLocal: false }).provider).toBe(name);
  },
);
