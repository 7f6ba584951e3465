/** Pages of the simple API, in JSON (PEP 691) or HTML (PEP 503, 700). */
import { explain } from '@renovatebot/pep440';
import { parseWheelName } from '../wheel-tags.ts';
import type { IndexPage } from './index-client.ts';

export interface IndexFile {
  name: string;
  /** RFC 3339; absent where the index does not say. */
  uploaded?: string;
  requiresPython?: string;
}

function decode(text: string): string {
  const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" };
  return text.replace(/&(lt|gt|amp|quot|#39);/g, (_, name: string) => entities[name] ?? '');
}

function file(name: string, uploaded: unknown, requiresPython: unknown): IndexFile {
  return {
    name,
    ...(typeof uploaded === 'string' ? { uploaded } : {}),
    ...(typeof requiresPython === 'string' ? { requiresPython } : {}),
  };
}

function fromJson(text: string): IndexFile[] {
  const { files = [] } = JSON.parse(text) as { files?: Record<string, unknown>[] };
  return files
    .filter(({ filename }) => typeof filename === 'string')
    .map((entry) => file(String(entry.filename), entry['upload-time'], entry['requires-python']));
}

function fromHtml(text: string): IndexFile[] {
  return [...text.matchAll(/<a\s([^>]{0,4000})>\s*([^<]{1,500}?)\s*<\/a>/gi)].map(([, attributes = '', name = '']) => {
    const value = (key: string) => {
      const found = new RegExp(`\\b${key}="([^"]*)"`, 'i').exec(attributes)?.[1];
      return found === undefined ? undefined : decode(found);
    };
    return file(decode(name), value('data-upload-time'), value('data-requires-python'));
  });
}

/** The release that a version names, however it is spelt: `1.0`, `1.0.0` and `v1` are one. */
function spelling(version: string): string {
  const parsed = explain(version);
  if (parsed === null) return version;
  const release = parsed.release.join('.').replace(/(?:\.0)+$/, '');
  const suffix = version
    .trim()
    .replace(/^v?(?:\d+!)?\d+(?:\.\d+)*/i, '')
    .toLowerCase();
  return `${parsed.epoch}!${release}${suffix}`;
}

/** The wheels of one version in the page's order; yanked ones too, because an exact pin takes those. */
export function wheelsOf(page: IndexPage, version: string): IndexFile[] {
  const files = page.type.includes('json') ? fromJson(page.text) : fromHtml(page.text);
  const wanted = spelling(version);
  const known = new Map<string, boolean>();
  return files.filter(({ name }) => {
    const found = parseWheelName(name)?.version;
    if (found === undefined) return false;
    const same = known.get(found) ?? spelling(found.replaceAll('_', '-')) === wanted;
    known.set(found, same);
    return same;
  });
}
