import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { documented } from '../../../bin/docs.mts';

it("the README's settings are those of the schema (npm run docs writes them)", () => {
  const readme = readFileSync('README.md', 'utf8');
  expect(readme).toBe(documented(readme));
});

it('the README opens with the one line', () => {
  const [first] = readFileSync('README.md', 'utf8').split('\n');
  expect(first).toBe('Slipway turns a public Git repository into a running notebook, behind one link.');
});
