/** Work on many things, some at a time. */

/**
 * Gives the results in the order of `items`, with at most `atOnce` under way. The first failure is thrown, once all that
 * was under way has ended; `signal` tells it to.
 */
export async function inTurn<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  const stop = new AbortController();
  let next = 0;
  const worker = async () => {
    while (next < items.length && !stop.signal.aborted) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T, stop.signal);
      } catch (error) {
        stop.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  stop.signal.throwIfAborted();
  return results;
}
