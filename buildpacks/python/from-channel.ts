/** An environment for a Python that only a conda channel has any more: what Python's own files ask for becomes its pip section. */

import { minor } from '../../src/pythons.ts';
import type { Contribution, PlanContext } from '../../src/types.ts';
import { planOnChannels } from '../conda/on-channels.ts';
import type { LocalRequirement, Requirements } from './requirements.ts';

const CHANNEL = 'conda-forge';

interface Asked {
  requirements: Requirements;
  /** They are a lock. */
  isLocked: boolean;
  /** What somebody has asked for, of which a lock has more. */
  names: Set<string>;
  /** Folders of the repository that are installed with the content. */
  local: LocalRequirement[];
  /** What asks for the Python, then the others. */
  files: string[];
}

export function planFromChannel({ requirements, files, ...asked }: Asked, context: PlanContext): Contribution {
  const { python } = context.era;
  const [file = ''] = files;
  const version = python === minor(python) ? `${python}.*` : `==${python}`;
  const specs = [{ name: 'python', version }, { name: 'pip' }].map((spec) => ({ ...spec, file, line: 1 }));
  const pip = { ...requirements, ...asked };
  return planOnChannels({ files, channels: [CHANNEL], specs, pip, variables: {}, evidence: [], notices: [] }, context);
}
