/** The only reader of process.env. Settings come from the environment, then the YAML file, then the default. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { SlipwayError } from './errors.ts';
import { SETTINGS, type Setting } from './setting-table.ts';
import { parsers } from './settings.ts';

export { SETTINGS } from './setting-table.ts';

type Parsed<S> = S extends Setting<infer T> ? T : never;
export type SettingName = keyof typeof SETTINGS;

/** The effective settings by name, and where each came from. */
export type Config = { readonly [N in SettingName]: Parsed<(typeof SETTINGS)[N]> } & {
  readonly sources: Readonly<Record<SettingName, 'environment' | 'file' | 'default'>>;
};

function readFileSettings(path: string, faults: string[]): Record<string, unknown> {
  try {
    return parsers.yamlFile(readFileSync(path, 'utf8'), path);
  } catch (error) {
    faults.push(`SLIPWAY_CONFIG: ${path}: ${(error as Error).message}`);
    return {};
  }
}

/** What a setting is when nobody sets it, as it would be written. */
export function defaultOf(name: SettingName, env: NodeJS.ProcessEnv = process.env): string {
  const { default: fallback }: Setting<unknown> = SETTINGS[name];
  return typeof fallback === 'function' ? fallback(env) : fallback;
}

/**
 * Reads and checks every setting; all faults are reported in one `bad_setting`.
 * @param env the environment, `process.env` unless a test says otherwise
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const faults: string[] = [];
  const file = env.SLIPWAY_CONFIG ? readFileSettings(resolve(env.SLIPWAY_CONFIG), faults) : {};
  const values: Record<string, unknown> = {};
  const sources: Record<string, string> = {};
  for (const [name, definition] of Object.entries(SETTINGS) as [SettingName, Setting<unknown>][]) {
    const fromEnv = env[name] ?? (name.endsWith('_PROXY') ? env[name.toLowerCase()] : undefined);
    const given = fromEnv || file[name];
    sources[name] = fromEnv ? 'environment' : file[name] !== undefined ? 'file' : 'default';
    try {
      values[name] = parsers.parse(definition.kind, String(given ?? defaultOf(name, env)), definition.values);
    } catch (error) {
      faults.push(`${name}: ${(error as Error).message}`);
    }
  }
  faults.push(...unknownNames(env, file), ...contradictions(values));
  if (faults.length > 0) {
    throw new SlipwayError('bad_setting', `Settings that cannot be used:\n  ${faults.join('\n  ')}`, {
      hint: 'slipway config lists every setting with its meaning.',
    });
  }
  return { ...values, sources } as unknown as Config;
}

/** A misspelt setting, or one that the file cannot have, would be ignored silently, so it is a fault. */
function unknownNames(env: NodeJS.ProcessEnv, file: Record<string, unknown>): string[] {
  const known = (name: string) => name in SETTINGS || name.startsWith('SLIPWAY_TEST_');
  const inEnv = Object.keys(env).filter((name) => name.startsWith('SLIPWAY_') && !known(name));
  const inFile = Object.keys(file).filter((name) => !known(name));
  const faults = [...inEnv, ...inFile].map((name) => `${name}: there is no such setting`);
  return 'SLIPWAY_CONFIG' in file ? [...faults, 'SLIPWAY_CONFIG: a file cannot name another'] : faults;
}

/** Values that are sound alone and not beside each other. */
function contradictions({ SLIPWAY_DISK_HIGH: high, SLIPWAY_DISK_LOW: low }: Record<string, unknown>): string[] {
  // One that could not be read is a fault of its own already.
  const isUpsideDown = typeof high === 'number' && typeof low === 'number' && low > high;
  return isUpsideDown ? [`SLIPWAY_DISK_LOW: ${low} is above SLIPWAY_DISK_HIGH, which is ${high}`] : [];
}

/** What programs that we start need of our own environment to be found and to run at all; nothing secret. */
export function ambientVariables(): Record<string, string> {
  const names = ['PATH', 'SystemRoot', 'TMPDIR', 'LD_LIBRARY_PATH', 'GIT_SSL_CAINFO', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** What the environment says of the terminal and the desktop that a command runs in. */
export function terminalFacts(env: NodeJS.ProcessEnv = process.env) {
  return {
    noColor: Boolean(env.NO_COLOR),
    isDumb: env.TERM === 'dumb',
    isCi: Boolean(env.CI) && env.CI !== 'false',
    hasDisplay: process.platform === 'darwin' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY),
  };
}
