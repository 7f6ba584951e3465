/** What stands beside a conda environment: Python's own files, which it replaces, and a day for every language. */
import { joinPath } from '../../src/paths.ts';
import type { Checkout, ConfigFolder, Match, Notice } from '../../src/types.ts';
import { python } from '../python/index.ts';

const DAY = /-(\d{4}-\d{2}-\d{2})$/;

/** The day that runtime.txt names; what else it says is not for this environment. */
async function dayOf(checkout: Checkout, file: string): Promise<Match['asOf']> {
  if ((await checkout.kind(file)) !== 'file') return undefined;
  const day = DAY.exec((await checkout.read(file)).trim())?.[1];
  if (day === undefined || Number.isNaN(Date.parse(day))) return undefined;
  return { date: day, file };
}

/**
 * A notice for each file that the pack for Python would read, and the day of runtime.txt.
 * @param used files that the environment itself includes
 */
export async function besides(
  checkout: Checkout,
  folder: ConfigFolder,
  used: readonly string[],
): Promise<{ asOf?: NonNullable<Match['asOf']>; notices: Notice[] }> {
  const [by = ''] = used;
  const names = await checkout.list(folder.path);
  const files = python.reads.filter((name) => names.includes(name)).map((name) => joinPath(folder.path, name));
  const runtime = joinPath(folder.path, 'runtime.txt');
  const asOf = await dayOf(checkout, runtime);
  const notices = files
    .filter((file) => !used.includes(file))
    .map((file) => {
      const but = file === runtime && asOf !== undefined ? '; the day in it holds' : '';
      return {
        code: 'ignored-file',
        message: `${file} is ignored because ${by} describes the Python environment${but}.`,
        file,
      };
    });
  return { ...(asOf === undefined ? {} : { asOf }), notices };
}
