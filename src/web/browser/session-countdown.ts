/** In a session's pages: says when the session is about to end, and keeps it when asked. Nothing is seen before that. */

interface TimeLeft {
  left: number;
  extendable: boolean;
}

/** The box is shown in the last minutes; how often the time is asked for before that, and then. */
const WARN = 300_000;
const [CALM, CLOSE] = [60_000, 10_000];

const STYLE = `
:host { all: initial }
.box { position: fixed; inset: auto 16px 16px auto; z-index: 2147483647; display: flex; gap: 16px; align-items: center;
  max-width: min(512px, 100vw - 32px); box-sizing: border-box; padding: 12px 12px 12px 16px; border-radius: 8px;
  border: 1px solid #0003; font: 16px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; background: #fff;
  color: #1b1f24; box-shadow: 0 2px 12px #0002 }
.box[hidden] { display: none }
button, a { flex: none; display: inline-flex; align-items: center; min-height: 44px; box-sizing: border-box; font: inherit;
  font-weight: 600; padding: 0 16px; border: 0; border-radius: 8px; cursor: pointer; background: #0a62ad; color: #fff;
  text-decoration: none; white-space: nowrap }
button[hidden], a[hidden] { display: none }
@media (max-width: 480px) { .box { inset: auto 8px 8px; max-width: none } .box > :first-child { flex: 1 } }
:focus-visible { outline: 3px solid #0a62ad; outline-offset: 2px }
@media (prefers-color-scheme: dark) {
  .box { background: #1b2028; color: #eef1f5; border-color: #fff3 }
  button, a { background: #6db3f2; color: #0d1015 }
  :focus-visible { outline-color: #6db3f2 }
}`;

const base = /^\/user\/[^/]+\//.exec(location.pathname)?.[0];

/** `4:05`, or `1 h 20 min` for what is long. */
function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function element<N extends keyof HTMLElementTagNameMap>(name: N, parent: Node): HTMLElementTagNameMap[N] {
  return parent.appendChild(document.createElement(name));
}

function makeBox() {
  const host = element('div', document.body);
  // Apart from the styles of whatever page this is.
  const root = host.attachShadow({ mode: 'open' });
  element('style', root).textContent = STYLE;
  const box = element('aside', root);
  box.className = 'box';
  box.setAttribute('aria-label', 'Time of this session');
  box.hidden = true;
  const text = element('div', box);
  const head = element('strong', text);
  const note = element('div', text);
  const spoken = element('span', box);
  spoken.setAttribute('role', 'status');
  spoken.style.cssText = 'position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)';
  const keep = element('button', box);
  keep.textContent = 'Keep it';
  const again = element('a', box);
  again.textContent = 'Launch it again';
  again.href = base ?? '/';
  again.hidden = true;
  return { box, head, note, spoken, keep, again };
}

function start(path: string): void {
  const { box, head, note, spoken, keep, again } = makeBox();
  let ends = Number.POSITIVE_INFINITY;
  let extendable = true;
  let isOver = false;
  let asked: ReturnType<typeof setTimeout> | undefined;

  const say = (words: string) => {
    if (spoken.textContent !== words) spoken.textContent = words;
  };

  const show = () => {
    if (isOver) return;
    const left = ends - Date.now();
    box.hidden = left > WARN;
    if (box.hidden) return say('');
    keep.hidden = !extendable;
    head.textContent = `This session ends in ${clock(left)}`;
    note.textContent = `${extendable ? 'Nobody has used it for a while. ' : ''}Download what you want to keep.`;
    const minutes = Math.ceil(left / 60_000);
    say(`This session ends in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}.`);
  };

  const over = () => {
    isOver = true;
    box.hidden = false;
    keep.hidden = true;
    again.hidden = false;
    head.textContent = 'This session has ended';
    note.textContent = '';
    say(head.textContent);
  };

  const ask = async (what: 'time' | 'keep') => {
    clearTimeout(asked);
    try {
      const answer = await fetch(`${path}_slipway/${what}`, { method: what === 'keep' ? 'POST' : 'GET' });
      if (answer.status === 404) return over();
      if (answer.ok) {
        const told = (await answer.json()) as TimeLeft;
        ends = Date.now() + told.left;
        extendable = told.extendable;
        show();
      }
    } catch {
      // Asleep or without a network: asked again.
    }
    const left = ends - Date.now();
    asked = setTimeout(() => ask('time'), left > WARN + CALM ? CALM : CLOSE);
  };

  keep.addEventListener('click', () => ask('keep'));
  // A timer of a tab in the background, or of a machine that slept, is late.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && !isOver) void ask('time');
  });
  setInterval(show, 1000);
  void ask('time');
}

if (base !== undefined && window.top === window) start(base);
