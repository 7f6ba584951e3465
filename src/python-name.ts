/** How a plan's Python is called wherever people read it. */
import type { Plan } from './types.ts';

/** `Python 3.11`; where conda brings it, what the repository says of it. */
export function pythonName({ era, python }: Pick<Plan, 'era' | 'python'>): string {
  if (python.source !== 'conda') return `Python ${python.version}`;
  return era.python === '' ? "conda's Python" : `conda's Python ${era.python}`;
}
