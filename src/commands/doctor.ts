/** `slipway doctor`: is everything here that a launch needs, and how is it mended. */
import { type Config, loadConfig } from '../config.ts';
import { ERRORS } from '../errors.ts';
import { type Command, JSON_OPTION } from './command.ts';
import { type Check, type Finding, thrown } from './doctor/finding.ts';
import { type Paint, pad, painter, plainLine, wrap } from './text.ts';

/** Longest time that a host has to answer. */
const PATIENCE = 10_000;

/** Name for a check that throws, and the check. */
async function checks(): Promise<[string, Check][]> {
  const [engine, host, redis, service, network, mirrors, registry, hub] = await Promise.all([
    import('./doctor/engine.ts'),
    import('./doctor/host.ts'),
    import('./doctor/redis.ts'),
    import('./doctor/service.ts'),
    import('./doctor/network.ts'),
    import('./doctor/mirrors.ts'),
    import('./doctor/registry.ts'),
    import('./doctor/hub.ts'),
  ]);
  return [
    ['engine', engine.checkEngine],
    ['data folder', host.checkData],
    ['temporary space', host.checkTemporary],
    ['git', host.checkGit],
    ['debootstrap', host.checkDebootstrap],
    ['redis', redis.checkRedis],
    ['ports', service.checkPorts],
    ['session origin', service.checkSessionOrigin],
    ['JupyterHub', hub.checkJupyterHub],
    ['git host', network.checkGitHost],
    ['Debian mirror', network.checkDebian],
    ['Debian security', mirrors.checkSecurity],
    ['Debian archive', mirrors.checkArchive],
    ['package index', network.checkIndex],
    ['managed Pythons', network.checkPythons],
    ['conda channels', mirrors.checkConda],
    ['npm registry', mirrors.checkNpm],
    ['container registry', network.checkRegistry],
    ['image registry', registry.checkImages],
  ];
}

async function examine(config: Config, signal: AbortSignal): Promise<Finding[]> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
  const found = await Promise.all(
    (await checks()).map(([name, check]) => check(config, limited).catch((error) => thrown(name, error))),
  );
  signal.throwIfAborted();
  return found.flat();
}

const NAME_WIDTH = 20;

/** One line for each finding, and under what is not in order how to mend it. */
export function findingsText(findings: readonly Finding[], width: number, paint: Paint): string {
  const marks = { ok: paint.green('ok  '), warn: paint.yellow('warn'), fail: paint.red('fail') };
  const indent = ' '.repeat(7 + NAME_WIDTH);
  const lines = findings.flatMap(({ check, state, message, mend }) => {
    const room = Math.max(24, width - indent.length);
    const [first = '', ...rest] = wrap(plainLine(message), room);
    const how = mend ? wrap(`→ ${plainLine(mend)}`, room) : [];
    return [
      `${marks[state]}   ${paint.bold(pad(check, NAME_WIDTH))}${first}`,
      ...[...rest, ...how].map((line) => indent + line),
    ];
  });
  const count = (state: Finding['state']) => findings.filter((one) => one.state === state).length;
  const verdict = count('fail') > 0 ? paint.red('A launch would fail') : 'Ready to launch';
  return `${lines.join('\n')}\n\n${verdict}: ${count('ok')} ok, ${count('warn')} warnings, ${count('fail')} failures.\n`;
}

export const command: Command = {
  name: 'doctor',
  summary: 'check engine, disk, network, mirrors and certificates, and say how to mend each',
  operands: '',
  count: { min: 0, max: 0 },
  details: `Exits with ${ERRORS.doctor_found_faults.exit} when something would make a launch fail.`,
  options: [JSON_OPTION],
  examples: [
    { line: 'slipway doctor', meaning: 'for people' },
    { line: 'slipway doctor --json', meaning: 'an array of {check, state, message, mend}' },
  ],
  async run(args, io) {
    const findings = await examine(loadConfig(), io.signal);
    const screen = io.stdout as NodeJS.WriteStream;
    const paint = painter(Boolean(screen.isTTY) && !io.terminal.noColor && !io.terminal.isDumb);
    const width = Math.min(110, screen.columns || 80);
    io.stdout.write(args.switches.has('json') ? `${JSON.stringify(findings)}\n` : findingsText(findings, width, paint));
    return findings.some(({ state }) => state === 'fail') ? ERRORS.doctor_found_faults.exit : 0;
  },
};
