/** Follows a build: turns vertexes and their output into events, and keeps what an error has to quote. */
import type { Emit } from '../types.ts';
import type { StepFinder } from './steps.ts';
import { lineCutter } from './text.ts';
import type { Vertex, VertexLog } from './trace.ts';

/** Characters and lines of one build that are shown; the rest is told by a marker. */
const SHOWN_CHARACTERS = 2 * 1024 * 1024;
const SHOWN_LINES = 20_000;
/** Lines of a step that are kept for its error; uv explains a conflict in up to some hundred. */
const KEPT_LINES = 300;
const KEPT_CHARACTERS = 64 * 1024;

interface Kept {
  name: string;
  cutter: ReturnType<typeof lineCutter>;
  lines: string[];
  characters: number;
  announced: boolean;
}

export interface Failure {
  /** The step's title, or its instruction. */
  step: string;
  /** Last lines that the step printed. */
  lines: string[];
  /** BuildKit's own sentence. */
  message: string;
}

export interface Journal {
  vertexes(list: readonly Vertex[]): void;
  logs(list: readonly VertexLog[]): void;
  /** What failed; `message` is the engine's when no vertex says more. */
  failure(message: string): Failure;
}

/** @param mask applied to each line before anybody sees it */
export function createJournal(finder: StepFinder, emit: Emit, mask: (text: string) => string): Journal {
  const kept = new Map<string, Kept>();
  const announced = new Set<string>();
  const shown = { lines: 0, characters: 0, stopped: false };
  let failed: { digest: string; message: string } | undefined;

  const of = (digest: string): Kept => {
    const found = kept.get(digest) ?? { name: '', cutter: lineCutter(), lines: [], characters: 0, announced: false };
    kept.set(digest, found);
    return found;
  };
  const show = (line: string) => {
    if (shown.stopped) return;
    shown.lines += 1;
    shown.characters += line.length;
    shown.stopped = shown.lines > SHOWN_LINES || shown.characters > SHOWN_CHARACTERS;
    const message = shown.stopped ? '… the log of this build is too long; the rest of it is not shown' : line;
    emit({ phase: 'building', message });
  };
  const keep = (vertex: Kept, lines: string[]) => {
    for (const line of lines.map(mask)) {
      if (line === '') continue;
      show(line);
      vertex.lines.push(line);
      vertex.characters += line.length;
      while (vertex.lines.length > KEPT_LINES || vertex.characters > KEPT_CHARACTERS)
        vertex.characters -= vertex.lines.shift()?.length ?? vertex.characters;
    }
  };
  const announce = (vertex: Vertex) => {
    const step = finder.find(vertex.name);
    if (!step || announced.has(step.title) || !(vertex.started || vertex.cached)) return;
    announced.add(step.title);
    emit({ phase: 'building', message: step.title, step });
  };

  return {
    vertexes(list) {
      for (const vertex of list) {
        const entry = of(vertex.digest);
        entry.name = vertex.name;
        announce(vertex);
        if (vertex.completed) keep(entry, entry.cutter.end());
        if (vertex.error && (!failed || isCancelled(failed.message)))
          failed = { digest: vertex.digest, message: vertex.error };
      }
    },
    logs(list) {
      for (const log of list) {
        const entry = of(log.vertex);
        keep(entry, entry.cutter.push(log.bytes));
      }
    },
    failure(message) {
      const entry = failed && kept.get(failed.digest);
      const lines = entry ? [...entry.lines] : [];
      const step = entry?.name ? mask(finder.label(entry.name)) : 'the build';
      return { step, lines, message: mask(failed?.message ?? message) };
    },
  };
}

/** When one of two parallel steps fails the other is cancelled, and may be reported first. */
function isCancelled(message: string): boolean {
  return /context cancell?ed/i.test(message);
}
