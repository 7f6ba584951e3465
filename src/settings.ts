/** How the text of a setting becomes a value: one parser for each kind. */
import { createRequire } from 'node:module';

export type Kind =
  | 'text'
  | 'list'
  | 'number'
  | 'bytes'
  | 'duration'
  | 'url'
  | 'urls'
  | 'choice'
  | 'asOf'
  | 'colour'
  | 'pythons'
  | 'ports';

const BYTE_UNITS: Record<string, number> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
const TIME_UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function split(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function wholeNumber(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new Error(`"${value}" is not a whole number`);
  return Number(value);
}

function byteCount(value: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?$/i.exec(value);
  if (!match) throw new Error(`"${value}" is not a size; write it as 512M or 2G`);
  return Math.round(Number(match[1]) * (BYTE_UNITS[(match[2] ?? '').toUpperCase()] ?? 1));
}

function milliseconds(value: string): number {
  if (value === '0') return 0;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value);
  if (!match) throw new Error(`"${value}" is not a duration; write it as 30s, 10m or 2h`);
  return Math.round(Number(match[1]) * (TIME_UNITS[match[2] ?? ''] ?? 1));
}

function httpUrl(value: string): string {
  if (value === '') return '';
  if (!URL.canParse(value)) throw new Error(`"${value}" is not a URL`);
  const url = new URL(value);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error(`"${value}" is not an http or https URL`);
  if (!/^(?:\*\.)?[a-z0-9.[\]:-]+$/i.test(url.hostname)) throw new Error(`"${value}" has an odd host`);
  return value.replace(/\/+$/, '');
}

function oneOf(value: string, values: readonly string[] = []): string {
  if (!values.includes(value)) throw new Error(`"${value}" is none of ${values.join(', ')}`);
  return value;
}

function asOf(value: string): string {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(value) && new Date(`${value}T00:00:00Z`).toJSON()?.startsWith(value);
  if (value === 'auto' || value === 'latest' || isDay) return value;
  throw new Error(`"${value}" is neither auto, latest nor a day as YYYY-MM-DD`);
}

/** Older than 3.6 is beyond uv. */
function pythons(value: string): string {
  if (value === 'any' || value === 'debian') return value;
  const list = split(value);
  const odd = list.find((part) => !/^3\.(?:[6-9]|[1-9]\d)$/.test(part));
  if (list.length === 0 || odd !== undefined)
    throw new Error(`"${odd ?? value}" is neither any, debian nor a Python from 3.6 on; write them as 3.7,3.8,3.10`);
  return list.join(',');
}

function colour(value: string): string {
  if (value === '' || /^#[0-9a-f]{6}$/i.test(value)) return value.toLowerCase();
  throw new Error(`"${value}" is not a colour; write it as #0a62ad`);
}

/** Ports and ranges as the firewall writes them; none for all. */
function ports(value: string): string[] {
  if (value === 'all') return [];
  const found = split(value).map((part) => {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
    if (!match || first < 1 || last > 65_535 || first > last) throw new Error(`"${part}" is not a port or a range`);
    return first === last ? `${first}` : `${first}:${last}`;
  });
  if (found.length === 0) throw new Error('no port is named; write all for any');
  return found;
}

function parse(kind: Kind, value: string, values?: readonly string[]): unknown {
  switch (kind) {
    case 'text':
      return value;
    case 'list':
      return split(value);
    case 'number':
      return wholeNumber(value);
    case 'bytes':
      return byteCount(value);
    case 'duration':
      return milliseconds(value);
    case 'url':
      return httpUrl(value);
    case 'urls':
      return split(value).map(httpUrl);
    case 'choice':
      return oneOf(value, values);
    case 'asOf':
      return asOf(value);
    case 'pythons':
      return pythons(value);
    case 'ports':
      return ports(value);
    case 'colour':
      return colour(value);
  }
}

/** The YAML file of settings: one flat mapping with the environment's names as keys. */
function yamlFile(text: string, path: string): Record<string, unknown> {
  // Few have such a file, and reading the parser costs as much as all the rest of the settings.
  const { parse: parseYaml } = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  const value: unknown = parseYaml(text, { maxAliasCount: 0 });
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error(`${path} holds no mapping of names to values`);
  return value as Record<string, unknown>;
}

export const parsers = { parse, yamlFile };
