/** What a person is told while waiting, as the events of a launch tell it. Knows no page. */
import { whyOver } from '../pages/gone.ts';
import type { Failed } from '../pages/letter.ts';
import type { Over } from '../pages/views.ts';
import { roughly, withDays } from '../pages/words.ts';

export type StageName = 'Find' | 'Plan' | 'Build' | 'Publish' | 'Start';

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
  state: 'waiting' | 'queued' | 'building' | 'starting' | 'ready' | 'over' | 'failed' | 'cancelled';
  stages: Stage[];
  /** What the step that runs does. */
  step?: string;
  queue?: { place?: number; estimate?: number; at: number };
  /** The image was there before anybody asked: nothing is drawn that would be over at once. */
  isCached: boolean;
  ready?: Ready;
  failed?: Failed;
  /** Why its session is there no more. */
  over?: Over;
}

/** @param names of the stages that this service has, in order */
export function newProgress(now: number, names: readonly StageName[]): Progress {
  const stages = names.map((name): Stage => ({ name, state: 'waiting', share: 0 }));
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
  const [stage, publish] = (['Build', 'Publish'] as const).map((name) => stageOf(progress, name));
  // An environment is published before content is built on it.
  if (step && stage && publish?.state === 'current') {
    Object.assign(publish, { state: 'waiting' });
    Object.assign(stage, { state: 'current', share: 0 });
  }
  enter(progress, 'Build', now);
  progress.state = 'building';
  if (!step) return;
  progress.step = step.title;
  // A step that runs is not done.
  if (stage) stage.share = Math.max(stage.share, (step.number - 1) / Math.max(1, step.total));
}

function stageOf({ stages }: Progress, name: StageName): Stage | undefined {
  return stages.find((stage) => stage.name === name);
}

/** Filled at its end: what is told of are layers that have begun, never those to come. */
function publishing(progress: Progress, now: number | undefined): void {
  enter(progress, stageOf(progress, 'Publish') ? 'Publish' : 'Build', now);
  progress.state = 'building';
  progress.step = 'Publishing the image';
}

/**
 * Takes one event in.
 * @param now undefined for what was over before the page was opened
 */
export function advance(progress: Progress, event: StreamEvent, now: number | undefined): void {
  if (progress.state === 'ready' || progress.state === 'over' || progress.state === 'failed') return;
  switch (event.phase) {
    case 'fetching':
      enter(progress, event.stage === 'plan' ? 'Plan' : 'Find', now);
      break;
    case 'building':
      building(progress, event, now);
      break;
    case 'pushing':
      publishing(progress, now);
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

/** The session that it led to is there no more. */
export function end(progress: Progress, why: Over): void {
  progress.state = 'over';
  progress.over = why;
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
    case 'over':
      return 'This session has ended';
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
        : current === 'Build' || current === 'Publish'
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
  if (progress.over) return whyOver(progress.over);
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
