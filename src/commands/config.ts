/** `slipway config`: every setting with its value, where it came from and what it means. */
import { type Config, defaultOf, loadConfig, SETTINGS, type SettingName } from '../config.ts';
import { type Command, JSON_OPTION } from './command.ts';
import { type Paint, painter, plainLine, wrap } from './text.ts';

interface Shown {
  name: string;
  value: string;
  source: 'environment' | 'file' | 'default';
  meaning: string;
  default: string;
}

/** User and password of any URL in a value are nobody's business. */
function withoutCredentials(value: string): string {
  return value.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/?#\s,@]*(?:@[^/?#\s,@]*)*@/gi, '$1***@');
}

const UNITS = {
  bytes: [
    ['T', 2 ** 40],
    ['G', 2 ** 30],
    ['M', 2 ** 20],
    ['K', 2 ** 10],
  ],
  duration: [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
    ['ms', 1],
  ],
} as const;

/** A value as it would be written in the environment: the largest unit of which it is a whole number. */
function written(kind: string, value: unknown): string {
  if ((kind !== 'bytes' && kind !== 'duration') || typeof value !== 'number') return String(value);
  const unit = UNITS[kind].find(([, size]) => value >= size && value % size === 0);
  return unit ? `${value / unit[1]}${unit[0]}` : String(value);
}

function textOf(config: Config, name: SettingName): string {
  const definition = SETTINGS[name] as { secret?: boolean; kind: string };
  const value = config[name] as unknown;
  const text = withoutCredentials(Array.isArray(value) ? value.join(',') : written(definition.kind, value));
  // A proxy is secret for its password only, and its host is what one wants to see.
  const isAddress = /^[a-z]+:\/\//i.test(text);
  return definition.secret && text !== '' && !isAddress ? '***' : text;
}

/** Settings in the order of the schema, secrets masked. */
export function shownSettings(config: Config): Shown[] {
  return (Object.keys(SETTINGS) as SettingName[]).map((name) => {
    const meaning = SETTINGS[name].doc;
    return { name, value: textOf(config, name), source: config.sources[name], meaning, default: defaultOf(name) };
  });
}

function settingText({ name, value, source, meaning }: Shown, width: number, paint: Paint): string {
  const from = source === 'default' ? paint.dim('(default)') : paint.green(`(from the ${source})`);
  const shown = value === '' ? paint.dim('not set') : plainLine(value);
  const lines = wrap(plainLine(meaning), width - 4).map((line) => `    ${paint.dim(line)}\n`);
  return `${paint.bold(name)} ${paint.dim('=')} ${shown}  ${from}\n${lines.join('')}`;
}

export const command: Command = {
  name: 'config',
  summary: 'list every setting, its value, where it came from and what it means',
  operands: '',
  count: { min: 0, max: 0 },
  details:
    'Settings are environment variables, or keys of the YAML file that SLIPWAY_CONFIG names; the environment wins.',
  options: [JSON_OPTION],
  examples: [
    { line: 'slipway config', meaning: 'for people' },
    { line: 'slipway config --json | jq \'.[] | select(.source != "default")\'', meaning: 'what somebody has set' },
  ],
  async run(args, io) {
    const settings = shownSettings(loadConfig());
    if (args.switches.has('json')) {
      io.stdout.write(`${JSON.stringify(settings)}\n`);
      return 0;
    }
    const screen = io.stdout as NodeJS.WriteStream;
    const width = Math.max(30, Math.min(100, screen.columns || 80));
    const paint = painter(Boolean(screen.isTTY) && !io.terminal.noColor && !io.terminal.isDumb);
    io.stdout.write(settings.map((setting) => settingText(setting, width, paint)).join(''));
    return 0;
  },
};
