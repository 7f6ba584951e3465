import { expect, it } from 'vitest';
import { parseChallenges } from '../../../src/publish/challenge.ts';

it('reads what registries send', () => {
  expect(
    parseChallenges(
      'Bearer realm="https://auth.example.org/token",service="registry",scope="repository:a/b:pull,push"',
    ),
  ).toEqual([
    {
      scheme: 'bearer',
      parameters: { realm: 'https://auth.example.org/token', service: 'registry', scope: 'repository:a/b:pull,push' },
    },
  ]);
  expect(parseChallenges('Basic realm="a \\"quoted\\" one"')).toEqual([
    { scheme: 'basic', parameters: { realm: 'a "quoted" one' } },
  ]);
});

it('tells several apart', () => {
  expect(parseChallenges('Negotiate, Basic realm="x", Bearer realm=y , error="insufficient_scope"')).toEqual([
    { scheme: 'negotiate', parameters: {} },
    { scheme: 'basic', parameters: { realm: 'x' } },
    { scheme: 'bearer', parameters: { realm: 'y', error: 'insufficient_scope' } },
  ]);
});

it('is not held up by what is no challenge', () => {
  expect(parseChallenges('')).toEqual([]);
  expect(parseChallenges('=".,"'.repeat(5000))).toEqual([]);
  expect(parseChallenges(`Basic ${' '.repeat(100_000)}realm="x"`)).toHaveLength(1);
});
