/** The default environment: the Jupyter server's own, when no file asks for another. */
import type { Buildpack, Checkout, Contribution, Match } from '../../src/types.ts';

async function detect(_checkout: Checkout): Promise<Match<null>> {
  const message = 'No file describes a Python environment, so notebooks run in the default one (Python and Jupyter).';
  return { name: 'default', evidence: [], notices: [{ code: 'default-environment', message }], files: [], data: null };
}

async function plan(): Promise<Contribution> {
  return { steps: [], notices: [] };
}

export const base: Buildpack<null> = { name: 'default', reads: [], detect, plan };
