/** `slipway plan`: what would be built and why. */
import { loadConfig } from '../config.ts';
import { pythonName } from '../python-name.ts';
import type { Emit, Plan } from '../types.ts';
import type { VersionRow } from '../versions.ts';
import { type Command, type Io, JSON_OPTION, REPO_DETAILS, REPO_OPTIONS, repoRequest } from './command.ts';
import { withProgress } from './progress.ts';
import type { StageName } from './stages.ts';
import { clip, columns, type Paint, pad, painter, plainLine, wrap } from './text.ts';

/** The plan as programs get it; the order of its keys is part of the output. */
export function planObject(plan: Plan, dockerfile: string, versions?: readonly VersionRow[]): Record<string, unknown> {
  const { repo, commit, commitDate, platform, subdir, asOf, era, buildpacks, notices, tiers, server } = plan;
  const known = {
    repo,
    commit,
    commitDate,
    platform,
    subdir,
    asOf,
    era,
    buildpacks,
    notices,
    tiers,
    server,
    dockerfile,
  };
  return { ...known, ...(versions && { versions }) };
}

function heading(title: string, paint: Paint): string {
  return `\n${paint.bold(title)}`;
}

function facts(plan: Plan, paint: Paint): string[] {
  const { era, python, commit } = plan;
  const managed = python.source === 'managed' ? ', which Debian does not have' : '';
  const server = plan.server === 'isolated' ? 'in its own environment' : "in the repository's environment";
  const rows: [string, string][] = [
    [
      'commit',
      `${commit.startsWith('local-') ? commit.slice(0, 18) : commit.slice(0, 12)}, of ${plan.commitDate.slice(0, 10)}`,
    ],
    ['folder', plan.subdir],
    ['as of', `${plan.asOf}: Debian ${era.debian}, ${pythonName(plan)}${managed}`],
    ['server', `JupyterLab ${server}`],
    ['platform', plan.platform],
  ];
  const shown = rows.filter(([, value]) => value !== '');
  return shown.map(([name, value]) => `  ${paint.dim(pad(name, 10))}${plainLine(value)}`);
}

function foundLines(plan: Plan, width: number, paint: Paint): string[] {
  const names = plan.buildpacks.map((pack) => pack.name);
  const column = Math.max(8, ...names.map(columns)) + 2;
  return plan.buildpacks.flatMap(({ name, evidence }) => {
    const said = evidence.map(({ file, reason }) => plainLine(`${file}: ${reason}`));
    const lines = (said.length > 0 ? said : ['no file of the repository asks for anything']).flatMap((line) =>
      wrap(line, Math.max(20, width - column - 2)),
    );
    return lines.map((line, index) => `  ${index === 0 ? paint.cyan(pad(name, column)) : ' '.repeat(column)}${line}`);
  });
}

function noticeLines(plan: Plan, width: number, paint: Paint): string[] {
  return plan.notices.flatMap(({ message, file }) => {
    const text = plainLine(file && !message.includes(file) ? `${file}: ${message}` : message);
    return wrap(text, Math.max(20, width - 4)).map(
      (line, index) => `  ${index === 0 ? paint.yellow('!') : ' '} ${line}`,
    );
  });
}

const PLACES = {
  base: [],
  environment: ['system', 'resolve', 'install'],
  guessed: ['guessed'],
  content: ['content'],
} as const;

function tierLines(plan: Plan, width: number, paint: Paint): string[] {
  return (['base', 'environment', 'guessed', 'content'] as const).flatMap((tier) => {
    const found = plan.tiers[tier];
    if (!found) return [];
    const places: readonly string[] = PLACES[tier];
    const steps = plan.steps.filter(({ place }) => places.includes(place));
    const image = clip(plainLine(found.image), Math.max(10, width - 16));
    const titles = steps.map(({ title }) => `${' '.repeat(15)}${clip(plainLine(title), Math.max(10, width - 16))}`);
    return [`  ${paint.cyan(pad(tier, 13))}${paint.dim(image)}`, ...titles];
  });
}

/** The packages as of the day, beside today's, which stand out where they differ. */
function versionLines(plan: Plan, versions: readonly VersionRow[], paint: Paint): string[] {
  const rows = versions.map(({ name, asOf, latest }) => [name, asOf ?? '–', latest ?? '–']);
  const table = [['', plan.asOf, 'today'], ...rows].map((row) => row.map((cell) => clip(plainLine(cell), 30)));
  const widths = [0, 1].map((column) => Math.max(...table.map((row) => columns(row[column] ?? ''))) + 2);
  return table.map(([name = '', asOf = '', latest = ''], index) => {
    const cells = `${pad(name, widths[0] ?? 0)}${pad(asOf, widths[1] ?? 0)}`;
    const differs = index > 0 && asOf !== latest;
    return `  ${index === 0 ? paint.dim(cells) : cells}${differs ? paint.yellow(latest) : paint.dim(latest)}`.trimEnd();
  });
}

interface Shown {
  plan: Plan;
  dockerfile: string;
  versions?: readonly VersionRow[];
}

/** A plan for people, one line each; nothing in it can steer a terminal. */
export function planText({ plan, dockerfile, versions }: Shown, width: number, paint: Paint, name = plan.repo): string {
  const lines = [
    paint.bold(plainLine(name)),
    ...facts(plan, paint),
    heading('Found', paint),
    ...foundLines(plan, width, paint),
    ...(plan.notices.length > 0 ? [heading('Notices', paint), ...noticeLines(plan, width, paint)] : []),
    heading('Will be built', paint),
    ...tierLines(plan, width, paint),
    ...(versions ? [heading('Packages', paint), ...versionLines(plan, versions, paint)] : []),
    heading('Dockerfile', paint),
    '',
    ...dockerfile.trimEnd().split('\n').map(plainLine),
  ];
  return `${lines.join('\n')}\n`;
}

function widthOf(io: Io): number {
  return Math.min(100, (io.stdout as NodeJS.WriteStream).columns || 80);
}

export const command: Command = {
  name: 'plan',
  summary: 'say what would be built from a repository, and why',
  operands: '<repo>',
  count: { min: 1, max: 1 },
  details: `${REPO_DETAILS}\nNeeds no engine. The Dockerfile at the end is whole: docker build takes it with the repository as context.
With --versions the packages are resolved in the engine, as of the day and as of today; nothing is installed.`,
  options: [
    ...REPO_OPTIONS,
    { name: 'versions', meaning: "resolve, and show each Python package of the day beside today's; needs an engine" },
    JSON_OPTION,
  ],
  examples: [
    { line: 'slipway plan https://github.com/binder-examples/requirements', meaning: 'a repository on GitHub' },
    { line: 'slipway plan . --subdir course', meaning: 'the folder you are in' },
    { line: 'slipway plan gh/org/name --versions', meaning: 'what differs from the packages of today' },
    {
      line: 'slipway plan gh/org/name/main --json | jq -r .dockerfile > Dockerfile',
      meaning: 'take the Dockerfile home',
    },
  ],
  async run(args, io) {
    const config = loadConfig();
    const isJson = args.switches.has('json');
    const isVersions = args.switches.has('versions');
    const ask = isVersions ? (await import('../locks.ts')).planVersions : (await import('../pipeline.ts')).planRepo;
    const work = (emit: Emit): Promise<Shown> =>
      ask(repoRequest(args), { config, emit, signal: io.signal, allowLocal: true });
    const stages: readonly StageName[] = isVersions ? ['Find', 'Plan', 'Build'] : ['Find', 'Plan'];
    const quiet = () => undefined;
    const options = { isJson: false, stages, dataFolder: config.SLIPWAY_DATA };
    const shown = isJson ? await work(quiet) : await withProgress(io, options, work);
    const { plan, dockerfile, versions } = shown;
    const isColoured = !io.terminal.noColor && !io.terminal.isDumb && Boolean((io.stdout as NodeJS.WriteStream).isTTY);
    // A local folder has no address of its own to be known by.
    const name = plan.repo === 'local' ? args.operands[0] : plan.repo;
    const text = isJson
      ? `${JSON.stringify(planObject(plan, dockerfile, versions))}\n`
      : planText(shown, widthOf(io), painter(isColoured), name);
    io.stdout.write(text);
    return 0;
  },
};
