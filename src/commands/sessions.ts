/** `slipway sessions`: what runs. */
import { loadConfig } from '../config.ts';
import { type Command, JSON_OPTION } from './command.ts';
import { columns, pad, plainLine } from './text.ts';

/** Rows as a table whose columns are as wide as they have to be; the last one is not filled. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => columns(row[index] ?? ''))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => pad(cell, widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join('');
}

/** `12 s`, `5 min`, `3 h`, `2 d` since a moment. */
export function age(since: string, now: number): string {
  const whole = Math.max(0, Math.floor((now - Date.parse(since)) / 1000));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  return whole < 86_400 ? `${Math.floor(whole / 3600)} h` : `${Math.floor(whole / 86_400)} d`;
}

export const command: Command = {
  name: 'sessions',
  summary: 'list the sessions that run',
  operands: '',
  count: { min: 0, max: 0 },
  options: [JSON_OPTION],
  examples: [
    { line: 'slipway sessions', meaning: 'with who asked, for what, and where it opens' },
    { line: "slipway sessions --json | jq -r '.[].link'", meaning: 'for programs' },
  ],
  async run(args, io) {
    const { listSessions } = await import('../sessions.ts');
    const sessions = await listSessions(loadConfig());
    if (args.switches.has('json')) {
      io.stdout.write(`${JSON.stringify(sessions)}\n`);
      return 0;
    }
    if (sessions.length === 0) {
      io.stderr.write('No session is running.\n');
      return 0;
    }
    const now = Date.now();
    const rows = sessions.map((one) => [
      one.id,
      one.state === 'running' ? age(one.startedAt, now) : 'ended',
      one.client || '-',
      `${one.repo} ${one.ref}`,
      one.link,
    ]);
    io.stdout.write(
      table([['SESSION', 'AGE', 'ASKED BY', 'REPOSITORY', 'OPENS AT'], ...rows.map((row) => row.map(plainLine))]),
    );
    return 0;
  },
};
