import { expect, test } from 'vitest';
import { markerHolds, markerWorld } from '../../../buildpacks/python/markers.ts';

const world = markerWorld('3.11.2', 'linux/amd64');
const holds = (marker: string, more = {}) => markerHolds(marker, { ...world, ...more }, 'x.lock, numpy');

test.each([
  ['', true],
  ['python_version >= "3.9"', true],
  ["python_version < '3.10'", false],
  ['python_version == "3.11"', true],
  ['python_version != "3.0" and python_version != "3.1"', true],
  ['python_full_version < "3.11.3"', true],
  ['python_full_version <= "3.11.2"', true],
  ['python_version ~= "3.7"', true],
  ['python_version == "3.*"', true],
  ['python_version in "2.7 3.6 3.11"', true],
  ['python_version in "3.6, 3.1"', false],
  ['python_version not in "2.7"', true],
  ['"3.9" <= python_version', true],
  ['sys_platform == "win32"', false],
  ["sys_platform != 'win32' and platform_system == 'Linux'", true],
  ['platform_machine == "arm64" or platform_machine == "x86_64"', true],
  ['(os_name == "nt" or os_name == "posix") and implementation_name == "cpython"', true],
  ['os_name == "nt" or os_name == "posix" and implementation_name == "pypy"', false],
  ['sys.platform == "linux"', true],
  ['"linux" in sys_platform', true],
  ['platform_python_implementation == "PyPy"', false],
  ['extra == "docs"', false],
])('%j is %s', (marker, expected) => {
  expect(holds(marker)).toBe(expected);
});

test('extras and groups', () => {
  const more = { extras: new Set(['my-docs']), groups: new Set(['dev']) };
  expect(holds('extra == "My_Docs"', more)).toBe(true);
  expect(holds('extra != "my-docs"', more)).toBe(false);
  expect(holds('"my-docs" in extras and "test" not in extras', more)).toBe(true);
  expect(holds('"dev" in dependency_groups', more)).toBe(true);
});

test.each([
  'python_version',
  'python_version >',
  'python_version >> "3"',
  'python_version > "3" and',
  'foo == "bar"',
  '__proto__ == "x"',
  'constructor == "x"',
  '(python_version > "3"',
  'python_version > "3" "4"',
  'os_name ~= "posix"',
  'import os',
  `${'('.repeat(60)}os_name == "posix"${')'.repeat(60)}`,
  `os_name == "${'a'.repeat(60_000)}"`,
])('%j is refused with its place', (marker) => {
  expect(() => holds(marker)).toThrow(/^x\.lock, numpy: /);
});

test('stays fast on a megabyte of anything', () => {
  const started = performance.now();
  for (const text of [
    '('.repeat(1e6),
    ' '.repeat(1e6),
    'a.'.repeat(5e5),
    `"${"'".repeat(1e6)}`,
    'os_name == "x" and '.repeat(420),
  ])
    expect(() => holds(`${text}!`)).toThrow();
  expect(performance.now() - started).toBeLessThan(1000);
});
