/**
 * Prints what failed, how long each report's files took, and the counts of vitest reports as one last line. Without a report
 * nothing has passed.
 *
 *   node .ci/count.mjs <exit code of the tests> [<report> …]
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';

const WORDS_LINES = 12;

const total = { passed: 0, failed: 0, skipped: 0 };
const minutes = [];
const failures = [];

/** A failure's name, and the first lines of what was said of it. */
function failed(file, name, messages) {
  const said = messages.join('\n').split('\n').slice(0, WORDS_LINES);
  failures.push([`FAILED ${relative('.', file)} > ${name}`, ...said.map((line) => `    ${line}`)].join('\n'));
}

const [code, ...reports] = process.argv.slice(2);

for (const path of reports) {
  const report = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0, numTodoTests = 0, testResults = [] } = report;
  // A file that could not even be loaded, or whose set-up failed, may have no test that failed; it is a failure.
  const broken = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  total.passed += numPassedTests;
  total.failed += numFailedTests + broken.length;
  total.skipped += numPendingTests + numTodoTests;
  for (const file of broken) failed(file.name, 'as a whole', [file.message ?? '']);
  for (const file of testResults)
    for (const test of file.assertionResults)
      if (test.status === 'failed') failed(file.name, test.fullName, test.failureMessages ?? []);
  // What no test caught fails a run in which every test has passed.
  const unhandled = path.replace(/\.json$/, '.unhandled');
  for (const text of existsSync(unhandled) ? JSON.parse(readFileSync(unhandled, 'utf8')) : []) {
    total.failed += 1;
    failed(path, 'outside of every test', [text]);
  }
  const took = testResults.reduce((sum, file) => sum + (file.endTime - file.startTime), 0);
  minutes.push(`${basename(path, '.json').replace('vitest-', '')} ${(took / 60_000).toFixed(1)}`);
}
if (code !== '0' && total.failed === 0) {
  total.failed += 1;
  failed('npm test', `exit code ${code}`, [
    'No test failed; what did stands above: the set-up, npm run check, or a lane of tests that died.',
  ]);
}
for (const one of failures) console.log(one);
console.log(`minutes of test files: ${minutes.join(', ')}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
