/** Writes the README's table of settings from their schema: npm run docs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SETTINGS, type SettingName } from '../src/config.ts';
import { PACKAGE_ROOT } from '../src/root.ts';

const START = '<!-- settings: written by npm run docs -->';
const END = '<!-- end of settings -->';
const README = join(PACKAGE_ROOT, 'README.md');

/** Defaults that differ from machine to machine, in words. */
const WORDS: Partial<Record<SettingName, string>> = {
  SLIPWAY_DATA: '`$XDG_DATA_HOME/slipway`',
  DOCKER_CONFIG: '`~/.docker`',
  SLIPWAY_PLATFORM: '`linux/`, and the architecture of this machine',
};

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function defaultOf(name: SettingName): string {
  const fallback = SETTINGS[name].default;
  const words = WORDS[name];
  if (words !== undefined) return words;
  if (typeof fallback === 'function') throw new Error(`bin/docs.mts lacks words for the default of ${name}`);
  return fallback === '' ? '' : `\`${fallback}\``;
}

/** The table, in the order of the schema. */
export function settingsTable(): string {
  const rows = (Object.keys(SETTINGS) as SettingName[]).map(
    (name) => `| \`${name}\` | ${defaultOf(name)} | ${cell(SETTINGS[name].doc)} |`,
  );
  return ['| setting | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

/** The README with the table as it ought to be. */
export function documented(readme: string): string {
  const [start, end] = [readme.indexOf(START), readme.indexOf(END)];
  if (start < 0 || end < start) throw new Error('README.md lacks the markers of the settings');
  return `${readme.slice(0, start + START.length)}\n${settingsTable()}\n${readme.slice(end)}`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(README, documented(readFileSync(README, 'utf8')));
}
