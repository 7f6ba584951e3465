/** Plans for tests of what is guessed. */
import { loadConfig } from '../../src/config.ts';
import { detect } from '../../src/detect/detect.ts';
import { makePlan } from '../../src/plan/plan.ts';
import type { Plan } from '../../src/types.ts';
import { memoryCheckout } from './checkout.ts';

export const LOCK = [
  'jupyterlab==4.2.0 --hash=sha256:00',
  'nbformat==5.10.0 --hash=sha256:11',
  'requests==2.31.0 --hash=sha256:22',
];

/** The plan of these files. */
export async function plan(
  files: Record<string, string>,
  settings: Record<string, string> = {},
  { subdir = '', reaches = false } = {},
): Promise<Plan> {
  const config = loadConfig({ SLIPWAY_PLATFORM: 'linux/amd64', ...settings });
  const checkout = memoryCheckout(files, { commitDate: '2024-03-15T12:00:00Z', subdir });
  const rank = async (_pins: unknown, _candidates: unknown, preferred: string) => ({ python: preferred, notices: [] });
  return makePlan(
    { checkout, ...(await detect(checkout, config)) },
    { config, rank, reachesChannel: async () => reaches, commitOf: async () => '', serverLock: () => LOCK },
  );
}

export const guessesOf = ({ steps }: Plan) => steps.find(({ place }) => place === 'guessed')?.values.packages ?? [];
export const said = ({ notices }: Plan, code: string) =>
  notices.filter((one) => one.code === code).map((one) => one.message);
