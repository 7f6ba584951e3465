/** Progress → page. Draws only what is another than before. */
import { exactly } from '../pages/words.ts';
import { byId, setText } from './dom.ts';
import { detail, headline, type Progress, type Stage } from './progress.ts';

const WORDS: Record<Stage['state'], string> = {
  waiting: ', to come',
  current: ', now',
  done: ', done',
  failed: ', failed',
};
/** Before that a stage's own time is no news. */
const SHOWN_AFTER = 2000;

function drawStage(item: HTMLElement, stage: Stage, now: number): void {
  if (item.dataset.state !== stage.state) item.dataset.state = stage.state;
  item.style.setProperty('--share', String(stage.share));
  const word = item.querySelector('[data-slot="word"]');
  if (word) setText(word, WORDS[stage.state]);
  const running = stage.state === 'current' && stage.since !== undefined ? now - stage.since : 0;
  const took =
    stage.took !== undefined ? exactly(stage.took) : running > SHOWN_AFTER ? exactly(running - (running % 1000)) : '';
  const place = item.querySelector('.took');
  if (place) setText(place, took);
}

export function drawProgress(progress: Progress, now: number): void {
  for (const stage of progress.stages) {
    const item = document.querySelector<HTMLElement>(`#stages [data-stage="${stage.name}"]`);
    if (item) drawStage(item, stage, now);
  }
  const sentence = headline(progress);
  setText(byId('headline'), sentence);
  // Room is kept for a line, or two on a phone: a longer title is cut.
  byId('headline').title = sentence;
  setText(byId('detail'), detail(progress, now));
  byId('now').dataset.state = progress.state;
}

const TITLES: Record<Progress['state'], string> = {
  waiting: 'Finding',
  queued: 'In the queue:',
  building: 'Building',
  starting: 'Starting',
  ready: '✓ Ready:',
  over: '✗ Ended:',
  failed: '✗ Failed:',
  cancelled: 'Cancelled:',
};

/** Title and favicon, for whoever is in another tab meanwhile. */
export function drawState(
  { state }: Progress,
  { name, assets }: { name: string; assets: Record<string, string> },
): void {
  const title = `${TITLES[state]} ${name}`;
  if (document.title !== title) document.title = title;
  const isBad = state === 'over' || state === 'failed' || state === 'cancelled';
  const icon = state === 'ready' ? 'ready' : isBad ? 'failed' : 'busy';
  const address = assets[`favicon-${icon}.svg`] ?? '';
  const link = byId<HTMLElement>('favicon') as unknown as HTMLLinkElement;
  if (link.getAttribute('href') !== address) link.href = address;
}
