/** So much at once and no more; the rest waits in order, or where it says whose it is everybody's in turn. */
export type Limit = <T>(work: () => Promise<T>, whose?: string) => Promise<T>;

export function createLimit(most: number): Limit {
  const lines = new Map<string, (() => void)[]>();
  let running = 0;
  const wait = (whose: string) =>
    new Promise<void>((go) => {
      const line = lines.get(whose);
      if (line) line.push(go);
      else lines.set(whose, [go]);
    });
  // The line that was served goes behind the others.
  const next = () => {
    for (const [whose, [first, ...rest]] of lines) {
      lines.delete(whose);
      if (rest.length > 0) lines.set(whose, rest);
      return first;
    }
    return undefined;
  };
  return async (work, whose = '') => {
    // A place that is given up goes straight to the next in line, so nobody can push in.
    if (running >= most) await wait(whose);
    else running += 1;
    try {
      return await work();
    } finally {
      const go = next();
      if (go) go();
      else running -= 1;
    }
  };
}
