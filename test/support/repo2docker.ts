/** The field's own repo2docker, beside which ours is held. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { loadConfig } from '../../src/config.ts';
import { withLock } from '../../src/lock.ts';

const run = promisify(execFile);
const VERSION = '2026.4.0';

/** The Python of an environment that has repo2docker, made once per machine. */
export async function repo2dockerPython(): Promise<string> {
  const place = join(loadConfig(process.env).SLIPWAY_DATA, 'test', `repo2docker-${VERSION}`);
  const [own, ready] = [join(place, 'bin', 'python'), join(place, 'ready')];
  const signal = AbortSignal.timeout(300_000);
  await withLock(
    place,
    signal,
    () => undefined,
    async () => {
      if (existsSync(ready)) return;
      await mkdir(dirname(place), { recursive: true });
      await run('python3', ['-m', 'venv', '--clear', place]);
      await run(own, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', `jupyter-repo2docker==${VERSION}`]);
      await writeFile(ready, '');
    },
  );
  return own;
}
