/** Variables that an environment sets where it is active. */
import { shown } from '../../src/paths.ts';
import { fault, type Place } from './faults.ts';

/** @throws SlipwayError `bad_environment_file` for what is no variable of one line */
export function checkVariable(place: Place, name: string, text: string): void {
  if (/^[A-Za-z_]\w{0,99}$/.test(name) && name !== '__proto__' && !/\p{Cc}/u.test(text.replaceAll('\t', ''))) return;
  const problem = `${shown(name)} cannot be a variable of the environment.`;
  throw fault(place, problem, 'Variables have a name of letters, digits and _ and a text of one line.');
}
