/**
 * Errors that no test caught: vitest fails for them without a test that failed, and its report in JSON does not have them. They are
 * left beside that report, as `<report>.unhandled`: a JSON array of texts.
 */
import { rmSync, writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule, Vitest } from 'vitest/node';

export default class UnhandledReporter implements Reporter {
  private file = '';

  onInit({ config: { outputFile } }: Vitest): void {
    const report = typeof outputFile === 'string' ? outputFile : outputFile?.json;
    if (report === undefined) return;
    this.file = report.replace(/\.json$/, '.unhandled');
    rmSync(this.file, { force: true });
  }

  onTestRunEnd(_modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    if (errors.length === 0 || this.file === '') return;
    const texts = errors.map(({ type, message, stack, VITEST_TEST_NAME }) =>
      [`${type ?? 'Unhandled error'}${VITEST_TEST_NAME ? `, during ${VITEST_TEST_NAME}` : ''}`, stack ?? message].join(
        '\n',
      ),
    );
    writeFileSync(this.file, JSON.stringify(texts));
  }
}
