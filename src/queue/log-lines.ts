/** A log of thousands of lines as far fewer events. */

/** Makes one event of two that follow one another, or says by `undefined` that they have to stay two. */
export type Join = (earlier: object, later: object) => object | undefined;

const LIMIT = 16 * 1024;

interface Line {
  phase: string;
  message: string;
}

function isLine(data: object): data is Line {
  const { phase, message, ...more } = data as Line;
  return phase === 'building' && typeof message === 'string' && Object.keys(more).length === 0;
}

/** Joins lines of a build's log, up to 16 KB; a line keeps its end, or gets one. */
export const joinLines: Join = (earlier, later) => {
  if (!isLine(earlier) || !isLine(later) || earlier.message.length + later.message.length >= LIMIT) return undefined;
  const end = earlier.message.endsWith('\n') ? '' : '\n';
  return { phase: earlier.phase, message: `${earlier.message}${end}${later.message}` };
};
