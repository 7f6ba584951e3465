/** The four stages that a person sees, as the events of a run tell them. */
import type { SlipwayEvent } from '../types.ts';
import { plainLine, plainLines } from './text.ts';

export const STAGES = ['Find', 'Plan', 'Build', 'Start'] as const;
export type StageName = (typeof STAGES)[number];

interface Stage {
  name: StageName;
  state: 'waiting' | 'current' | 'done' | 'failed';
  since: number;
  /** Milliseconds, once done or failed. */
  took: number;
  /** What happens now, or what came of it. */
  detail: string;
}

/** What a view shows. Everything in it is safe for a terminal. */
export interface Progress {
  stages: Stage[];
  step?: { title: string; number: number; total: number; since: number };
  /** Last lines of the log, newest last. */
  log: string[];
}

const LOG_KEPT = 20;

export function newProgress(stages: readonly StageName[]): Progress {
  return { stages: stages.map((name) => ({ name, state: 'waiting', since: 0, took: 0, detail: '' })), log: [] };
}

/** Everything before the stage is done; the stage itself is current. */
function enter(progress: Progress, name: StageName | 'end', now: number): void {
  const at = name === 'end' ? progress.stages.length : progress.stages.findIndex((stage) => stage.name === name);
  for (const [index, stage] of progress.stages.entries()) {
    if (index < at && stage.state === 'current') Object.assign(stage, { state: 'done', took: now - stage.since });
    if (index < at && stage.state === 'waiting') Object.assign(stage, { state: 'done' });
    if (index === at && stage.state === 'waiting') Object.assign(stage, { state: 'current', since: now });
  }
}

function detail(progress: Progress, name: StageName, text: string): void {
  const stage = progress.stages.find((one) => one.name === name);
  const line = plainLines(text)
    .filter((one) => one.trim() !== '')
    .at(-1);
  if (stage && line) stage.detail = line.trim();
}

/** `3 tiers cached`, or which were built. */
export function tierSummary(tiers: Record<string, 'cached' | 'built'>): string {
  const built = Object.keys(tiers).filter((name) => tiers[name] === 'built');
  if (built.length === 0) return 'everything was there already';
  const cached = Object.keys(tiers).filter((name) => tiers[name] === 'cached');
  return `built ${built.join(' and ')}${cached.length > 0 ? `; ${cached.join(' and ')} cached` : ''}`;
}

function building(progress: Progress, event: Extract<SlipwayEvent, { phase: 'building' }>, now: number): void {
  enter(progress, 'Build', now);
  if (event.step) {
    const title = plainLine(event.step.title);
    if (title !== progress.step?.title) progress.step = { ...event.step, title, since: now };
    return;
  }
  const lines = plainLines(event.message).filter((line) => line.trim() !== '');
  progress.log = [...progress.log, ...lines].slice(-LOG_KEPT);
}

/** Takes one event in. `fetching` events that carry `stage: 'plan'` belong to Plan. */
export function advance(progress: Progress, event: SlipwayEvent, now: number): void {
  switch (event.phase) {
    case 'waiting':
    case 'fetching': {
      const stage = event.stage === 'plan' ? 'Plan' : 'Find';
      enter(progress, stage, now);
      detail(progress, stage, event.message);
      break;
    }
    case 'building':
      building(progress, event, now);
      break;
    case 'pushing':
      enter(progress, 'Build', now);
      delete progress.step;
      detail(progress, 'Build', event.message);
      break;
    case 'built':
      enter(progress, 'Build', now);
      detail(progress, 'Build', tierSummary(event.tiers));
      delete progress.step;
      enter(progress, progress.stages.some(({ name }) => name === 'Start') ? 'Start' : 'end', now);
      break;
    case 'launching':
      enter(progress, 'Start', now);
      detail(progress, 'Start', event.message);
      break;
    case 'ready':
      detail(progress, 'Start', 'its server answers');
      enter(progress, 'end', now);
      break;
    case 'failed':
      for (const stage of progress.stages.filter(({ state }) => state === 'current'))
        Object.assign(stage, { state: 'failed', took: now - stage.since });
  }
}
