/** What the python pack makes of files, without a checkout on disk and without the network. */
import { python } from '../../buildpacks/python/index.ts';
import { loadConfig } from '../../src/config.ts';
import type { Contribution, Notice, PlanContext } from '../../src/types.ts';
import { memoryCheckout } from './checkout.ts';

export interface Planned {
  /** Lines that are resolved. */
  requirements: string[];
  /** Lines that are taken as they are, without their hashes. */
  locked: string[];
  /** The same with hashes. */
  hashed: string[];
  /** Folders installed with the content. */
  local: string[];
  notices: Notice[];
  /** Codes of the notices. */
  codes: string[];
  match: NonNullable<Awaited<ReturnType<typeof python.detect>>>;
  contribution: Contribution;
}

const CONTEXT: PlanContext = {
  asOf: '2024-03-15',
  era: { debian: 'bookworm', python: '3.11', r: '4.2' },
  python: { version: '3.11', source: 'debian', notBefore: '2023-02-01' },
  fullPython: '3.11.2',
  platform: 'linux/amd64',
  commitOf: async () => 'c'.repeat(40),
  config: loadConfig({}),
};

/** @param folder `binder` when the files' environment is there */
export async function planPython(
  files: Record<string, string>,
  { folder = '', ...context }: Partial<PlanContext> & { folder?: string } = {},
): Promise<Planned> {
  const checkout = memoryCheckout(files);
  const match = await python.detect(checkout, { path: folder, isBinder: folder !== '' }, CONTEXT.config);
  if (match === undefined) throw new Error('The python pack does not apply.');
  const contribution = await python.plan(checkout, match, { ...CONTEXT, ...context });
  const values = contribution.steps.find(({ place }) => place === 'resolve')?.values ?? {};
  const hashed = values.locked as string[];
  const notices = [...match.notices, ...contribution.notices];
  return {
    requirements: values.requirements as string[],
    locked: hashed.map((line) => line.split(' --hash')[0] ?? ''),
    hashed,
    local: contribution.steps.flatMap(({ place, values: step }) => (place === 'content' ? [String(step.path)] : [])),
    notices,
    codes: notices.map(({ code }) => code),
    match,
    contribution,
  };
}
