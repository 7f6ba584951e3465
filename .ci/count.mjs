/** Prints the counts of a vitest report as one line. Without a report nothing has passed. */
import { existsSync, readFileSync } from 'node:fs';

const [path] = process.argv.slice(2);
const report = path && existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
const { numPassedTests: passed = 0, numFailedTests = 0, numPendingTests = 0, numTodoTests = 0 } = report;
// A file that could not even be loaded has no tests that failed, but is a failure.
const broken = (report.testResults ?? []).filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
);
const failed = numFailedTests + broken.length;
console.log(`${passed} passed, ${failed} failed, ${numPendingTests + numTodoTests} skipped`);
