/** The launch page: starts a launch, says how long it takes, and hands over to the session. */
import { sessionLink } from '../../launch/urlpath.ts';
import type { LaunchRequest, PlanPreview } from '../../service/types.ts';
import type { RepoSpec } from '../../types.ts';
import type { Failed } from '../pages/letter.ts';
import type { Over } from '../pages/views.ts';
import { DocumentFrame } from './document-frame.ts';
import { type ApiError, askApi, byId, make, setText } from './dom.ts';
import { LogFold } from './fold.ts';
import { drawProgress, drawState } from './launch-view.ts';
import { showLetter } from './letter-view.ts';
import { planList } from './plan-view.ts';
import {
  advance,
  end,
  fail,
  newProgress,
  type Progress,
  queueNews,
  type StageName,
  type StreamEvent,
} from './progress.ts';
import { followLaunch } from './stream.ts';

interface PageData {
  request: LaunchRequest;
  spec: RepoSpec;
  path: string;
  token: string;
  name: string;
  stages: StageName[];
  /** The page is that of a launch which somebody began without script. */
  launch?: string;
  assets: Record<string, string>;
}

/** What the API tells of a launch. */
interface Launch {
  id: string;
  build?: string;
  /** What a browser opens, once it is ready. */
  link?: string;
  /** Why its session is there no more. */
  over?: Over;
  error?: Failed;
}

/** A launch shorter than this shows no progress: it is over before one could be read. */
const DRAWN_AFTER = 500;
const HAND_OVER_AFTER = 1500;

const data = JSON.parse(byId('launch').dataset.launch ?? '') as PageData;
const memory = `launch ${data.path}`;
const enter = byId<HTMLAnchorElement>('enter');
const cancel = byId<HTMLButtonElement>('cancel');
const log = new LogFold(data.assets['terminal.css'] ?? '');
const frame = new DocumentFrame();
const progress: Progress = newProgress(performance.now(), data.stages);
let id = data.launch ?? sessionStorage.getItem(memory) ?? undefined;
let isResumed = id !== undefined;
let record: Launch | undefined;
let hasScrolled = false;
let handOver = 0;

addEventListener('scroll', () => {
  hasScrolled = true;
});

function draw(): void {
  drawProgress(progress, performance.now());
  drawState(progress, data);
}

/** A launch of this tab, which a reload takes up again; another tab has another. */
async function begin(): Promise<void> {
  const { id: begun } = await askApi<Launch>('/api/v1/launches', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-build-token': data.token },
    body: JSON.stringify(data.request),
  });
  id = begun;
  isResumed = false;
  sessionStorage.setItem(memory, begun);
}

function forget(): void {
  sessionStorage.removeItem(memory);
  sessionStorage.removeItem(`${memory} entered`);
}

function again(): void {
  forget();
  location.assign(data.path);
  if (location.pathname + location.search === data.path) location.reload();
}

async function readRecord(): Promise<void> {
  record = await askApi<Launch>(`/api/v1/launches/${id}`).catch(() => record);
  if (record?.build) log.saveAs(`/api/v1/builds/${record.build}/log`);
}

/** Whoever comes from the page of a session that has ended wants another; a reload of what then begins does not. */
async function comesForAnother(): Promise<boolean> {
  if (location.hash !== '#again') return false;
  history.replaceState(null, '', data.path);
  if (id !== undefined) await readRecord();
  return record?.over !== undefined;
}

async function follow(): Promise<void> {
  const stream = followLaunch(id ?? '', isResumed, {
    message: (event, isOld) => void take(event as StreamEvent, isOld),
    queue(news) {
      queueNews(progress, news as object, performance.now());
      draw();
    },
    connected: (isConnected) => {
      if (progress.state !== 'ready')
        setText(byId('aside'), isConnected ? '' : 'No connection: it goes on without you, and shows here again.');
    },
    gone() {
      stream.close();
      again();
    },
  });
  const take = async (event: StreamEvent, isOld: boolean) => {
    const before = progress.state;
    if (event.phase === 'building' && !event.step) log.add(event.message ?? '');
    if (event.step) log.add(`\u001b[1m${event.step.title}\u001b[0m\n`);
    advance(progress, event, isOld ? undefined : performance.now());
    if (event.stage === 'plan' || progress.state !== before) frame.look(id ?? '');
    if (progress.state === 'ready' || progress.state === 'failed' || progress.state === 'cancelled') stream.close();
    // Whether it still is, only its record says.
    if (progress.state === 'ready' && before !== 'ready') return ready(isOld);
    draw();
    if (progress.state === before) return;
    if (progress.state === 'building' || progress.state === 'starting') await readRecord();
    if (progress.state === 'failed') await failed(progress.failed as Failed);
  };
}

function planPath(): string {
  const { subdir } = data.request;
  const query = subdir ? `?${new URLSearchParams({ subdir }).toString()}` : '';
  return data.path.replace(/^\/v2\//, '/api/v1/plan/').replace(/\?.*/, '') + query;
}

function isReading(): boolean {
  return hasScrolled || log.isOpen || frame.isRead;
}

async function ready(isOld: boolean): Promise<void> {
  const { url, token } = progress.ready ?? { url: '', token: '' };
  await readRecord();
  if (record?.over) return over(record.over);
  draw();
  // Of a pasted page only the service knows which file it shows.
  enter.href = record?.link ?? sessionLink(url, data.request.urlpath, token);
  enter.hidden = false;
  const go = () => {
    sessionStorage.setItem(`${memory} entered`, 'yes');
    location.assign(enter.href);
  };
  enter.addEventListener('click', () => sessionStorage.setItem(`${memory} entered`, 'yes'));
  const stay = () => {
    clearTimeout(handOver);
    cancel.hidden = true;
    setText(byId('aside'), 'It waits for you.');
  };
  // Somebody who came back from the session, or reads, is not sent away.
  if (sessionStorage.getItem(`${memory} entered`) || isReading()) return stay();
  if (!document.body.dataset.drawn && !isOld) return go();
  setText(byId('aside'), 'Opening …');
  cancel.textContent = 'Stay here';
  cancel.onclick = stay;
  addEventListener('scroll', stay, { once: true });
  handOver = window.setTimeout(() => (isReading() ? stay() : go()), HAND_OVER_AFTER);
}

/** Its launch leads nowhere any more: nothing is left of it but the way to another. */
function over(why: Over): void {
  forget();
  clearTimeout(handOver);
  end(progress, why);
  enter.hidden = true;
  setText(byId('aside'), '');
  cancel.hidden = true;
  // Another button, as one that turns into it would be seen to move.
  const text = { id: 'again', className: 'button primary', textContent: 'Launch it again' };
  cancel.before(make('button', { ...text, type: 'button', onclick: again }));
  draw();
}

/** A session may have ended while its reader was elsewhere. */
async function lookAgain(): Promise<void> {
  if (progress.state !== 'ready' || document.visibilityState !== 'visible') return;
  await readRecord();
  if (record?.over) over(record.over);
}

async function failed(error: Failed): Promise<void> {
  await readRecord();
  forget();
  // The log would be seen to move if it did not leave for a moment.
  for (const part of ['now', 'document', 'extras']) byId(part).hidden = true;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  byId('extras').hidden = false;
  const address = record?.build && `/api/v1/builds/${record.build}/log`;
  showLetter({ spec: data.spec, failed: record?.error ?? error, log: address, tryAgain: again });
  if (log.isEmpty) byId('log').hidden = true;
  else log.open();
}

cancel.onclick = async () => {
  cancel.disabled = true;
  if (id) await fetch(`/api/v1/launches/${id}`, { method: 'DELETE' }).catch(() => undefined);
  forget();
  fail(progress, { code: 'cancelled', message: '' }, performance.now());
  cancel.disabled = false;
  cancel.textContent = 'Start again';
  cancel.onclick = again;
  draw();
};

byId('about').addEventListener(
  'toggle',
  async () => {
    const body = byId('about-body');
    body.replaceChildren(make('p', { className: 'dim', textContent: 'Reading …' }));
    try {
      const preview = await askApi<PlanPreview>(planPath(), { headers: { 'x-build-token': data.token } });
      body.replaceChildren(planList(preview));
    } catch (error) {
      body.replaceChildren(make('p', { textContent: (error as ApiError).message }));
    }
  },
  { once: true },
);

setTimeout(() => {
  if (!progress.isCached) document.body.dataset.drawn = 'yes';
}, DRAWN_AFTER);
setInterval(draw, 1000);
draw();
document.addEventListener('visibilitychange', lookAgain);
addEventListener('pageshow', lookAgain);
try {
  if (await comesForAnother()) {
    forget();
    id = undefined;
  }
  if (id === undefined) await begin();
  await follow();
} catch (error) {
  fail(progress, error as ApiError, performance.now());
  draw();
  await failed(error as ApiError);
}
