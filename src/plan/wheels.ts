/** Which Python has wheels for what a repository pins: the index knows, from the names of files. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { satisfies } from '@renovatebot/pep440';
import type { Config } from '../config.ts';
import { inTurn } from '../in-turn.ts';
import type { Notice, PythonWish } from '../types.ts';
import { type WheelTarget, wheelFits } from '../wheel-tags.ts';
import { writeWhole } from '../whole-file.ts';
import { glibcOf } from './era.ts';
import { createIndexClient, type FetchPage } from './index-client.ts';
import { type IndexFile, wheelsOf } from './index-page.ts';

type Pins = PythonWish['pins'];

export interface WheelDeps {
  config: Config;
  /** How a page is fetched; the network unless a test has recorded pages. */
  fetchPage?: FetchPage;
}

/** More pins than that say nothing new about which Python they were made for. */
const MOST_PINS = 100;
const AT_ONCE = 8;

interface Kept {
  /** When the index was asked: what was uploaded later is not in here. */
  asked: string;
  files: IndexFile[];
}

function keptPath(config: Config, name: string, version: string): string {
  const identity = JSON.stringify([config.SLIPWAY_MIRROR_PYPI, name, version]);
  const hash = createHash('sha256').update(identity).digest('hex');
  return join(config.SLIPWAY_DATA, 'index', hash.slice(0, 2), `${hash.slice(2)}.json`);
}

async function readKept(path: string, asOf: string): Promise<IndexFile[] | undefined> {
  try {
    const kept = JSON.parse(await readFile(path, 'utf8')) as Kept;
    // Complete for a day only when it was asked after that day.
    return kept.asked.slice(0, 10) > asOf ? kept.files : undefined;
  } catch {
    return undefined;
  }
}

async function wheels(name: string, version: string, asOf: string, deps: Required<WheelDeps>): Promise<IndexFile[]> {
  const path = keptPath(deps.config, name, version);
  const known = await readKept(path, asOf);
  const files = known ?? (await askIndex(name, version, path, deps));
  return files.filter(({ uploaded }) => uploaded === undefined || uploaded.slice(0, 10) <= asOf);
}

async function askIndex(name: string, version: string, path: string, deps: Required<WheelDeps>): Promise<IndexFile[]> {
  const index = deps.config.SLIPWAY_MIRROR_PYPI.replace(/\/+$/, '');
  const asked = new Date().toISOString();
  const page = await deps.fetchPage(`${index}/${encodeURIComponent(name)}/`);
  const files = page.status === 200 ? wheelsOf(page, version) : [];
  await writeWhole(path, JSON.stringify({ asked, files } satisfies Kept));
  return files;
}

function fits(file: IndexFile, target: WheelTarget): boolean {
  if (!wheelFits(file.name, target)) return false;
  if (file.requiresPython === undefined) return true;
  try {
    return satisfies(`${target.python}.2`, file.requiresPython);
  } catch {
    return true;
  }
}

function distance(a: string, b: string): number {
  return Math.abs(Number(a.split('.')[1]) - Number(b.split('.')[1]));
}

function notice(pins: number, chosen: [string, number], preferred: [string, number], asOf: string): Notice {
  const message = `Python ${chosen[0]} instead of ${preferred[0]} of ${asOf}: it has a wheel for ${chosen[1]} of ${pins} pinned packages, ${preferred[0]} for ${preferred[1]}.`;
  return { code: 'python-by-pins', message };
}

/**
 * The candidate (`3.x`) for which most pins have a wheel that was uploaded by `asOf`; `preferred` where none has more,
 * else the nearest to it. A pin without any wheel has no say.
 * @param asOf `YYYY-MM-DD`
 * @throws SlipwayError `index_unreachable`: what the index would say must not be guessed
 */
export async function bestPython(
  pins: Pins,
  candidates: readonly string[],
  preferred: string,
  asOf: string,
  deps: WheelDeps,
): Promise<{ python: string; notices: Notice[] }> {
  const asked = [...new Map(pins.map((pin) => [`${pin.name}==${pin.version}`, pin])).values()].slice(0, MOST_PINS);
  if (asked.length === 0 || candidates.every((python) => python === preferred))
    return { python: preferred, notices: [] };
  const withFetch = { config: deps.config, fetchPage: deps.fetchPage ?? createIndexClient(deps.config) };
  const found = await inTurn(asked, AT_ONCE, ({ name, version }) => wheels(name, version, asOf, withFetch));
  const architecture = deps.config.SLIPWAY_PLATFORM.endsWith('arm64') ? 'aarch64' : 'x86_64';
  const count = (python: string) => {
    const target = { python, architecture, glibc: glibcOf(python, asOf) };
    return found.filter((files) => files.some((file) => fits(file, target))).length;
  };
  const counts = new Map([...candidates, preferred].map((python) => [python, count(python)]));
  const own = counts.get(preferred) ?? 0;
  const most = Math.max(...counts.values());
  if (own === most) return { python: preferred, notices: [] };
  const best = [...counts].filter(([, number]) => number === most).map(([python]) => python);
  best.sort((a, b) => distance(a, preferred) - distance(b, preferred) || distance(b, '3.0') - distance(a, '3.0'));
  const python = best[0] ?? preferred;
  return { python, notices: [notice(asked.length, [python, most], [preferred, own], asOf)] };
}

/** `bestPython` as planning asks for it. */
export function rankPythons(config: Config) {
  return (pins: Pins, candidates: readonly string[], preferred: string, asOf: string) =>
    bestPython(pins, candidates, preferred, asOf, { config });
}
