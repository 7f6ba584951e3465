import { satisfies } from '@renovatebot/pep440';
import { expect, test } from 'vitest';
import { toPythonMarker, toSpecifier } from '../../../buildpacks/python/constraints.ts';

test.each([
  ['*', ''],
  ['^1.2.3', '>=1.2.3,<2'],
  ['^1.2', '>=1.2,<2'],
  ['^1', '>=1,<2'],
  ['^0.2.3', '>=0.2.3,<0.3'],
  ['^0.0.3', '>=0.0.3,<0.0.4'],
  ['^0.0', '>=0.0,<0.1'],
  ['^0', '>=0,<1'],
  ['^1.0b1', '>=1.0b1,<2'],
  ['^2021.5.30', '>=2021.5.30,<2022'],
  ['^1!2.3', '>=1!2.3,<1!3'],
  ['~1.2.3', '>=1.2.3,<1.3'],
  ['~1.2', '>=1.2,<1.3'],
  ['~1', '>=1,<2'],
  ['~=1.4.2', '~=1.4.2'],
  ['1.2.3', '==1.2.3'],
  ['v1.2.3', '==1.2.3'],
  ['=1.2', '==1.2'],
  ['1.2.*', '==1.2.*'],
  ['1.x', '==1.*'],
  ['!=1.5.*', '!=1.5.*'],
  ['>=1.0,<2.0', '>=1.0,<2.0'],
  ['>= 1.0 < 2.0', '>=1.0,<2.0'],
  ['>=1.0,<2.0,', '>=1.0,<2.0'],
  ['^1.2,!=1.3.1', '>=1.2,<2,!=1.3.1'],
])('%s is %s', (constraint, specifier) => {
  expect(toSpecifier(constraint)).toEqual({ specifier, widened: false });
});

test.each([
  ['^1.2 || ^2.0', '>=1.2,<3', ['1.5', '2.9'], ['1.1', '3.0']],
  ['^2.7 || >=3.6,<4', '>=2.7,<4', ['2.7', '3.11'], ['4.0', '2.6']],
  ['1.0 | 1.5.*', '>=1.0,<1.6', ['1.0', '1.5.9'], ['1.6']],
  ['~=1.4.2 || ==3.0', '>=1.4.2,<=3.0', ['1.4.9', '3.0'], ['3.1']],
  ['<1 || >=2', '', ['0.1', '2.0'], []],
])('%s becomes one range', (constraint, specifier, inside, outside) => {
  expect(toSpecifier(constraint)).toEqual({ specifier, widened: true });
  for (const version of specifier === '' ? [] : inside) expect(satisfies(version, specifier)).toBe(true);
  for (const version of outside) expect(satisfies(version, specifier)).toBe(false);
});

test.each([
  '',
  'latest!',
  '^',
  '^latest',
  '>=1.0; rm',
  '$(id)',
  '1.2.3 - ',
  '1.0-foo || 2.0',
  `^${'1.'.repeat(2000)}0`,
])('%j is none', (text) => {
  // What holds nothing allows everything, as Poetry has it.
  expect(toSpecifier(text)).toEqual(text === '' ? { specifier: '', widened: false } : undefined);
});

test.each([
  ['*', ''],
  ['^3.8', 'python_version >= "3.8" and python_version < "4"'],
  ['<3.9', 'python_version < "3.9"'],
  ['>=3.7.1', 'python_full_version >= "3.7.1"'],
  ['<=3.8', 'python_version <= "3.8"'],
  ['>3.8', 'python_version > "3.8"'],
  ['<=3.8.1', 'python_full_version <= "3.8.1"'],
  ['3.8', 'python_version == "3.8"'],
  ['!=3.8', 'python_version != "3.8"'],
  ['3.8.2', 'python_full_version == "3.8.2"'],
  ['3.8.*', 'python_version == "3.8"'],
  ['3.*', 'python_version == "3.*"'],
  [
    '~2.7 || ^3.6',
    '(python_version >= "2.7" and python_version < "2.8") or (python_version >= "3.6" and python_version < "4")',
  ],
])('Python %s is the marker %s', (constraint, marker) => {
  expect(toPythonMarker(constraint)).toBe(marker);
});
