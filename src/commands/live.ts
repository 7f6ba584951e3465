/** The live view on a terminal: one line for each stage, redrawn in place. */
import type { WriteStream } from 'node:tty';
import { type Durations, START, usualDuration } from './durations.ts';
import type { View } from './progress.ts';
import { advance, newProgress, type Progress, type StageName } from './stages.ts';
import { clip, type Paint, pad, seconds } from './text.ts';

const TICK = 100;
const LOG_SHOWN = 12;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

type Stage = Progress['stages'][number];

function mark(stage: Stage, tick: number, paint: Paint): string {
  if (stage.state === 'done') return paint.green('✔');
  if (stage.state === 'failed') return paint.red('✘');
  if (stage.state === 'waiting') return paint.dim('·');
  return paint.cyan(SPINNER[tick % SPINNER.length] ?? '');
}

function times(stage: Stage, progress: Progress, { known, now, width }: Frame): string {
  if (stage.state === 'waiting') return '';
  if (stage.state !== 'current') return stage.took > 0 ? seconds(stage.took) : '';
  const step = stage.name === 'Build' ? progress.step : undefined;
  const usual = usualDuration(known, step?.title ?? (stage.name === 'Start' ? START : ''));
  const elapsed = seconds(now - (step?.since ?? stage.since));
  return usual === undefined || width < 60 ? elapsed : `${elapsed} of about ${seconds(usual)}`;
}

function content(stage: Stage, progress: Progress): string {
  if (stage.state === 'waiting') return '';
  const { step } = progress;
  const isStep = stage.name === 'Build' && stage.state !== 'done' && step;
  return isStep ? `step ${step.number} of ${step.total}: ${step.title}` : stage.detail;
}

function stageLine(stage: Stage, progress: Progress, frame: Frame): string {
  const { paint, tick, width } = frame;
  const time = times(stage, progress, frame);
  const room = width - 10 - (time === '' ? 0 : time.length + 2);
  const text = clip(content(stage, progress), Math.max(0, room));
  const name = stage.state === 'waiting' ? paint.dim(stage.name) : paint.bold(stage.name);
  const filled = time === '' ? text : pad(text, Math.max(0, room));
  // On a very narrow terminal the name alone has to do.
  if (width < 24 || filled === '') return `${mark(stage, tick, paint)} ${name}`;
  const blanks = ' '.repeat(8 - stage.name.length);
  return `${mark(stage, tick, paint)} ${name}${blanks}${filled}${time === '' ? '' : `  ${paint.dim(time)}`}`;
}

interface Frame {
  tick: number;
  now: number;
  /** Columns that may be written. */
  width: number;
  known: Durations;
  paint: Paint;
}

/** The lines of one picture, each at most `width` columns. */
export function drawFrame(progress: Progress, frame: Frame): string[] {
  const lines = progress.stages.map((stage) => stageLine(stage, progress, frame));
  const isBuilding = progress.stages.some(({ name, state }) => name === 'Build' && state === 'current');
  const last = isBuilding ? progress.log.at(-1) : undefined;
  if (last) lines.push(frame.paint.dim(clip(`  ${last}`, frame.width)));
  return lines;
}

/**
 * Draws on `screen` at most ten times a second, and again when its width changes.
 * @param known durations of earlier runs
 */
export function liveView(screen: WriteStream, names: readonly StageName[], known: Durations, paint: Paint): View {
  const progress = newProgress(names);
  let tick = 0;
  let drawn = 0;
  const width = () => Math.max(8, (screen.columns || 80) - 1);
  const draw = () => {
    const lines = drawFrame(progress, { tick, now: performance.now(), width: width(), known, paint });
    const up = drawn > 0 ? `\x1b[${drawn}A` : '';
    // Wrapping is off while we draw, so that a terminal made narrower cannot shift the picture.
    screen.write(`\x1b[?7l${up}\r\x1b[J${lines.join('\n')}\n\x1b[?7h`);
    drawn = lines.length;
  };
  const timer = setInterval(() => {
    tick += 1;
    draw();
  }, TICK);
  const showCursor = () => screen.write('\x1b[?25h');
  screen.write('\x1b[?25l');
  process.once('exit', showCursor);
  draw();
  return {
    event(event) {
      advance(progress, event, performance.now());
    },
    end(failure) {
      clearInterval(timer);
      process.off('exit', showCursor);
      const wasBuilding = progress.stages.some(({ name, state }) => name === 'Build' && state === 'current');
      if (failure) advance(progress, { phase: 'failed', message: '', code: '' }, performance.now());
      draw();
      // An error of a step quotes its last lines itself.
      const isQuoted = failure?.message.trimEnd().includes('\n') ?? true;
      const log = wasBuilding && !isQuoted ? progress.log.slice(-LOG_SHOWN) : [];
      for (const line of log) screen.write(`${paint.dim(clip(`  ${line}`, width()))}\n`);
      if (failure) screen.write('\n');
      showCursor();
    },
  };
}
