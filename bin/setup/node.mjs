/** Which Node runs us. */
import { EXIT, SetupError } from './say.mjs';

const OLDEST = [20, 19];

/** Throws when this Node is too old, with the way to a newer one. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new SetupError(
    `Slipway needs Node ${OLDEST.join('.')} or newer; this is ${process.versions.node}. See https://nodejs.org/en/download`,
    EXIT.failed,
  );
}
