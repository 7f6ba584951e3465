/** Repositories whose builds take as long, say as much and end as a test wants. They stand on the default environment. */
import { notebook } from './notebook.ts';
import type { CommitSpec } from './repo.ts';
import { NONCE } from './scenario.ts';

/** A day whose environment other tests have as well. */
export const DAY = '2025-10-10';

/** Nothing is built for it. */
export function plain(text = ''): CommitSpec[] {
  const files = { 'README.md': `# Tides ${NONCE} ${text}\n`, 'tides.ipynb': notebook('print(6 * 7)') };
  return [{ date: DAY, files }];
}

/** A postBuild that prints `line 1`, `line 2`, …, with a pause in seconds after each, and ends with an exit code. */
export function building({
  lines = 10,
  pause = 0.1,
  exitCode = 0,
}: {
  lines?: number;
  pause?: number;
  exitCode?: number;
}): CommitSpec[] {
  const script = `#!/bin/bash\nfor i in $(seq ${lines}); do echo "line $i"; sleep ${pause}; done\nexit ${exitCode}\n`;
  const [first] = plain(`${lines} ${pause} ${exitCode}`);
  return [{ date: DAY, files: { ...first?.files, postBuild: { content: script, mode: '755' } } }];
}
