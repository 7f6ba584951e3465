/** What a person is told while waiting, as the events of a launch tell it. Knows no page. */
import type { Failed } from '../pages/letter.ts';
import { roughly, withDays } from '../pages/words.ts';

export type StageName = 'Find' | 'Plan' | 'Build' | 'Start';

export interface Stage {
  name: StageName;
  state: 'waiting' | 'current' | 'done' | 'failed';
  /** When it began, if that was seen. */
  since?: number;
  /** Milliseconds, once over, if both ends were seen. */
  took?: number;
  /** How much of it is known to be done, 0 to 1. */
  share: number;
}

export interface Ready {
  url: string;
  token: string;
}

/** What streams carry: BinderHub's events, with ours among them. */
export interface StreamEvent {
  phase?: string;
  message?: string;
  stage?: string;
  step?: { title: string; number: number; total: number };
  url?: string;
  token?: string;
  code?: string;
  hint?: string;
}

export interface Progress {
  state: 'waiting' | 'queued' | 'building' | 'starting' | 'ready' | 'failed' | 'cancelled';
  stages: Stage[];
  /** What the step that runs does. */
  step?: string;
  queue?: { place?: number; estimate?: number; at: number };
  /** The image was there before anybody asked: nothing is drawn that would be over at once. */
  isCached: boolean;
  ready?: Ready;
  failed?: Failed;
}

export function newProgress(now: number): Progress {
  const stages = (['Find', 'Plan', 'Build', 'Start'] as const).map(
    (name): Stage => ({ name, state: 'waiting', share: 0 }),
  );
  const progress: Progress = { state: 'waiting', stages, isCached: false };
  enter(progress, 'Find', now);
  return progress;
}

/** Everything before the stage is done, and the stage is current; times are only told where both ends were seen. */
function enter(progress: Progress, name: StageName | 'end', now: number | undefined): void {
  const at = name === 'end' ? progress.stages.length : progress.stages.findIndex((stage) => stage.name === name);
  for (const [index, stage] of progress.stages.entries()) {
    if (index < at && stage.state !== 'done') {
      if (stage.since !== undefined && now !== undefined) stage.took = now - stage.since;
      Object.assign(stage, { state: 'done', share: 1 });
    }
    if (index === at && stage.state === 'waiting') {
      stage.state = 'current';
      if (now !== undefined) stage.since = now;
    }
  }
}

function building(progress: Progress, { step }: StreamEvent, now: number | undefined): void {
  enter(progress, 'Build', now);
  progress.state = 'building';
  if (!step) return;
  progress.step = step.title;
  const stage = progress.stages.find(({ name }) => name === 'Build');
  // A step that runs is not done.
  if (stage) stage.share = Math.max(stage.share, (step.number - 1) / Math.max(1, step.total));
}

/**
 * Takes one event in.
 * @param now undefined for what was over before the page was opened
 */
export function advance(progress: Progress, event: StreamEvent, now: number | undefined): void {
  if (progress.state === 'ready' || progress.state === 'failed') return;
  switch (event.phase) {
    case 'fetching':
      enter(progress, event.stage === 'plan' ? 'Plan' : 'Find', now);
      break;
    case 'building':
      building(progress, event, now);
      break;
    case 'pushing':
      building(progress, event, now);
      progress.step = 'Publishing the image';
      break;
    case 'built':
      progress.isCached = progress.stages[0]?.state === 'current';
      delete progress.step;
      enter(progress, 'Start', now);
      progress.state = 'starting';
      break;
    case 'launching':
      enter(progress, 'Start', now);
      progress.state = 'starting';
      break;
    case 'ready':
      enter(progress, 'end', now);
      progress.state = 'ready';
      progress.ready = { url: event.url ?? '', token: event.token ?? '' };
      break;
    case 'failed':
      fail(progress, { code: event.code ?? 'internal', message: event.message ?? '', hint: event.hint }, now);
  }
}

export function fail(progress: Progress, failed: Failed, now: number | undefined): void {
  for (const stage of progress.stages.filter(({ state }) => state === 'current')) {
    stage.state = 'failed';
    if (stage.since !== undefined && now !== undefined) stage.took = now - stage.since;
  }
  progress.state = failed.code === 'cancelled' ? 'cancelled' : 'failed';
  progress.failed = failed;
}

/** Place in the queue, and milliseconds until built as earlier builds have it. */
export function queueNews(progress: Progress, news: { place?: number; estimate?: number }, now: number): void {
  progress.queue = { ...news, at: now };
  if (news.place !== undefined && (progress.state === 'waiting' || progress.state === 'building'))
    progress.state = 'queued';
  if (news.place === undefined && progress.state === 'queued') progress.state = 'building';
}

/** The one sentence. */
export function headline(progress: Progress): string {
  const current = progress.stages.find(({ state }) => state === 'current')?.name;
  switch (progress.state) {
    case 'ready':
      return 'Your session is ready';
    case 'starting':
      return 'Starting your session';
    case 'cancelled':
      return 'You cancelled this launch';
    case 'failed':
      return 'This launch failed';
    case 'queued':
      return queued(progress.queue?.place ?? 1);
    default:
      if (progress.step) return withDays(progress.step);
      return current === 'Plan'
        ? 'Reading what it needs'
        : current === 'Build'
          ? 'Preparing the build'
          : 'Finding the repository';
  }
}

function queued(place: number): string {
  if (place <= 1) return 'Next in the queue';
  return place === 2 ? 'One build is before yours' : `${place - 1} builds are before yours`;
}

/** What else there is to say; '' when nothing is known. */
export function detail(progress: Progress, now: number): string {
  if (progress.state === 'ready') return 'It is yours alone, and ends when nothing happens in it for a while.';
  if (progress.state === 'cancelled') return 'Nothing runs for you any more.';
  if (progress.state === 'starting') return progress.isCached ? '' : 'Built. Its server takes a few seconds.';
  if (progress.state !== 'queued' && progress.state !== 'building') return '';
  const { estimate, at } = progress.queue ?? { at: now };
  if (estimate === undefined) return progress.state === 'queued' ? 'You can close this page: nothing is lost.' : '';
  const left = estimate - (now - at);
  return left > 0
    ? `Usually ${roughly(left)} from here, going by earlier builds.`
    : 'It takes longer than earlier builds did.';
}
