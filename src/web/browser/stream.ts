/** A launch's events, each once and in order, whatever the network does. */

interface Handlers {
  /** `isOld`: it was over before this page looked. */
  message(data: unknown, isOld: boolean): void;
  queue(data: unknown): void;
  /** Whether the stream answers now. */
  connected(isConnected: boolean): void;
  /** The stream has been refused for good, or the launch is not known any more. */
  gone(): void;
}

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15_000;
/** A page that was hidden for so long, or a machine that slept for so long, may have a connection that is dead. */
const LONG = 30_000;
const BEAT = 5000;
/** What comes this soon after a page took a launch up again was there before. */
const REPLAY = 700;

/**
 * Follows a launch until `close`. An EventSource resumes by itself; where it gives up (a proxy's error page, a machine
 * that slept) another is made, and what it repeats is left out by its number.
 * @param isResumed the launch was not begun by this page
 */
export function followLaunch(id: string, isResumed: boolean, handlers: Handlers): { close(): void } {
  let source: EventSource | undefined;
  let last = -1;
  let wait = FIRST_WAIT;
  let timer = 0;
  let oldUntil = 0;
  const isNew = (event: MessageEvent) => {
    const n = Number(event.lastEventId.slice(event.lastEventId.lastIndexOf('-') + 1));
    if (event.lastEventId === '' || Number.isNaN(n)) return true;
    if (n <= last) return false;
    last = n;
    return true;
  };
  const open = () => {
    clearTimeout(timer);
    source?.close();
    source = new EventSource(`/api/v1/launches/${id}/events`);
    source.onopen = () => {
      wait = FIRST_WAIT;
      if (isResumed && oldUntil === 0) oldUntil = performance.now() + REPLAY;
      handlers.connected(true);
    };
    source.onmessage = (event) => {
      if (isNew(event)) handlers.message(JSON.parse(event.data), performance.now() < oldUntil);
    };
    source.addEventListener('queue', (event) => {
      if (isNew(event)) handlers.queue(JSON.parse(event.data));
    });
    source.onerror = () => {
      handlers.connected(false);
      if (source?.readyState === EventSource.CLOSED) void again();
    };
  };
  const again = async () => {
    const answer = await fetch(`/api/v1/launches/${id}`).catch(() => undefined);
    if (answer?.status === 404) return handlers.gone();
    clearTimeout(timer);
    timer = window.setTimeout(open, wait);
    wait = Math.min(LONGEST_WAIT, wait * 2);
  };
  // After sleep or another network a connection may look open and be dead. Timers of a hidden page are late by themselves,
  // so it is only seen when it is shown how long it was away; a page that was seen all the time has slept when they are.
  let seenAt = Date.now();
  const look = (isDead: boolean) => {
    if (document.visibilityState !== 'visible') return;
    const wasAway = Date.now() - seenAt > LONG;
    seenAt = Date.now();
    if (wasAway || isDead) open();
  };
  const beat = setInterval(look, BEAT, false);
  const wake = () => look(source?.readyState !== EventSource.OPEN);
  addEventListener('online', open);
  document.addEventListener('visibilitychange', wake);
  open();
  return {
    close() {
      clearTimeout(timer);
      clearInterval(beat);
      source?.close();
      removeEventListener('online', open);
      document.removeEventListener('visibilitychange', wake);
    },
  };
}
