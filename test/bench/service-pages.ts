/** Pages and badge under load, beside the smallest server of all; and how much the front page weighs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { plain } from '../support/builds.ts';
import { openServed, type Served } from '../support/served.ts';
import { type Load, load, type Target } from './http.ts';
import { median, type Row, ratio } from './measure.ts';

const CONNECTIONS = 32;
const ROUNDS = 3;
const TIME = 3000;
/** BinderHub's front page on a machine of two cores, requests in a second; and what Fastify does there when it only says hello. */
const BINDERHUB = 4245;
const FASTIFY = 37_000;
const AIM = 3 * BINDERHUB;
const WEIGHT = 100_000;
/** What a browser sends to a server without https. */
const BROWSER = { 'accept-encoding': 'gzip, deflate', accept: 'text/html,*/*' };

export async function pageRows(): Promise<Row[]> {
  const served = await openServed({ SLIPWAY_WARM: '0' });
  try {
    await served.serve();
    const { url } = await served.world.repo('badge', plain('badge'));
    const badge = `${served.url}/badge/${served.spec(url, 'main')}.svg`;
    return [
      ...(await loadRows('front page', { url: `${served.url}/`, headers: BROWSER })),
      ...(await loadRows('badge', { url: badge, headers: BROWSER })),
      await weightRow(served),
    ];
  } finally {
    await served.close();
  }
}

/** Alternating, so that a busy moment of the machine hits both. */
async function loadRows(name: string, target: Target): Promise<Row[]> {
  const bare = await startBare();
  try {
    const [ours, theirs]: [Load[], Load[]] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      theirs.push(await load({ url: bare.url }, CONNECTIONS, TIME));
      ours.push(await load(target, CONNECTIONS, TIME));
    }
    const [rate, most] = [ours, theirs].map((loads) => median(loads.map((one) => one.rate))) as [number, number];
    const [share, wanted] = [rate / most, AIM / FASTIFY];
    return [
      {
        measure: `${name}, ${CONNECTIONS} connections`,
        ours: said(rate, ours),
        against: `${BINDERHUB}/s (BinderHub, elsewhere)`,
        value: ratio(rate / BINDERHUB),
        aim: `≥ ${AIM}/s`,
        isMet: rate >= AIM,
      },
      {
        measure: `${name}, against Fastify that says hello`,
        ours: said(rate, ours),
        against: `${said(most, theirs)}; ${FASTIFY}/s elsewhere`,
        value: ratio(share),
        aim: `≥ ${ratio(wanted)}`,
        isMet: share >= wanted,
      },
    ];
  } finally {
    await bare.end();
  }
}

function said(rate: number, loads: Load[]): string {
  return `${Math.round(rate)}/s, p99 ${median(loads.map(({ p99 }) => p99)).toFixed(1)} ms`;
}

/** A process of its own. */
async function startBare(): Promise<{ url: string; end(): Promise<void> }> {
  const file = fileURLToPath(new URL('bare-server.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    url: `${line}`.trim(),
    async end() {
      child.kill();
      await once(child, 'exit');
    },
  };
}

/** The page and everything that it makes a browser ask for, as it comes over the wire. */
async function weightRow(served: Served): Promise<Row> {
  const seen = new Set<string>();
  let bytes = 0;
  const visit = async (path: string): Promise<void> => {
    if (seen.has(path)) return;
    seen.add(path);
    const response = await fetch(served.url + path, { headers: BROWSER });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    bytes += Number(response.headers.get('content-length'));
    for (const next of asksFor(path, text)) await visit(next);
  };
  await visit('/');
  return {
    measure: `front page, compressed, all ${seen.size} files`,
    ours: `${Math.round(bytes / 1000)} kB`,
    against: '',
    value: `${Math.round(bytes / 1000)} kB`,
    aim: `≤ ${WEIGHT / 1000} kB`,
    isMet: bytes <= WEIGHT,
  };
}

/** What a page names, and the scripts that a script imports from beside it. */
function asksFor(path: string, text: string): string[] {
  if (path.endsWith('.js')) {
    return [...text.matchAll(/(?:from|import)\s*\(?"(\.\/[\w.-]+\.js)"/g)].map(([, name]) => resolve(path, name));
  }
  if (path !== '/') return [];
  const named = text.matchAll(/<(?:script|img|link)\b[^>]*?\s(?:src|href)="([^"]+)"[^>]*>/g);
  return [...named].map(([, name]) => resolve(path, name));
}

function resolve(path: string, name = ''): string {
  return new URL(name, new URL(path, 'http://site')).pathname;
}
