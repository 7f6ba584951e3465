/** What is asked of a pip before uv's time, and what its answers mean. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const FOLDER = fileURLToPath(new URL('../../../buildpacks/conda', import.meta.url));

function python(expression: string, ...words: string[]): unknown {
  const script = `import json, sys; sys.path.insert(0, ${JSON.stringify(FOLDER)}); import old_pip\nprint(json.dumps(${expression}))`;
  return JSON.parse(execFileSync('python3', ['-B', '-c', script, ...words], { encoding: 'utf8' }));
}

test.each([
  ['six==1.0 ; python_version < "3"', 'six==1.0 ; python_version < "3"'],
  [
    'b @ git+https://example.org/b.git@abc ; python_version < "3"',
    'git+https://example.org/b.git@abc#egg=b ; python_version < "3"',
  ],
  ['b[x,y] @ https://example.org/b.zip#sha256=ab', 'https://example.org/b.zip#sha256=ab&egg=b[x,y]'],
  ['b@git+https://example.org/b#subdirectory=c', 'git+https://example.org/b#subdirectory=c&egg=b'],
])('%s', (line, expected) => {
  expect(python('old_pip.old_line(sys.argv[1])', line)).toBe(expected);
});

test.each([
  ['', 0, '', ['ok', null]],
  [
    'Could not find a version that satisfies the requirement x\nNo matching distribution found for x',
    1,
    '',
    ['no-solution', null],
  ],
  ['No matching distribution found for x', 1, 'HTTP Error 503', ['upstream', null]],
  ['ConnectTimeout\nMax retries exceeded with url: /x', 1, '', ['upstream', null]],
  [
    "  Running setup.py install for a: finished with status 'done'\n  Running setup.py install for b.c: finished with status 'error'",
    1,
    '',
    ['build-failed', 'b.c'],
  ],
  ['  Failed building wheel for a\nFailed to build a', 1, '', ['build-failed', 'a']],
  [
    'THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated …\n    six==1.15.0 from https://…:\n        Expected sha256 00',
    1,
    '',
    ['hash-mismatch', 'six'],
  ],
  ['Exception:\nTraceback (most recent call last):', 2, '', ['error', null]],
])('an answer: %s', (text, code, unanswered, expected) => {
  const made = 'old_pip.Answer(int(sys.argv[2]), sys.argv[1], sys.argv[3])';
  expect(python(`(lambda one: [one.kind, one.package])(${made})`, text, String(code), unanswered)).toEqual(expected);
});
