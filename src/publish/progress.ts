/** `pushing` events as BinderHub has them: now and then, with the bytes of each layer that is under way or done. */
import type { Emit } from '../types.ts';

/** As repo2docker tells them. */
const EVERY = 1500;

export interface Progress {
  /** A layer of so many bytes begins; called with the bytes that are through. */
  layer(total: number): (current: number) => void;
  end(): void;
}

export function createProgress(emit: Emit, message: string): Progress {
  const layers: Record<string, { current: number; total: number }> = {};
  const tell = () => emit({ phase: 'pushing', message: `${message}\n`, progress: structuredClone(layers) });
  tell();
  const timer = setInterval(tell, EVERY);
  return {
    layer(total) {
      const state = { current: 0, total };
      layers[`layer ${Object.keys(layers).length + 1}`] = state;
      return (current) => {
        state.current = current;
      };
    },
    end: () => clearInterval(timer),
  };
}
