/** `slipway lock`: what an author can commit, so that the environment stays as it is today. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { condaPackage } from '../conda-lock.ts';
import { loadConfig } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { VERSION } from '../root.ts';
import type { Plan } from '../types.ts';
import { type Command, JSON_OPTION, type Option, REPO_DETAILS, REPO_OPTIONS, repoRequest } from './command.ts';
import { withProgress } from './progress.ts';

const OPTIONS: readonly Option[] = [
  ...REPO_OPTIONS,
  { name: 'output', value: 'DIR', meaning: 'folder that the files go to (default: the one you are in)' },
  { name: 'force', meaning: 'replace files that are there' },
  JSON_OPTION,
];

/** The files of a lock, by name. */
export function lockFiles({ plan, day, lock }: { plan: Plan; day: string; lock: string }): Record<string, string> {
  const lines = lock.split('\n').filter((line) => line.trim() !== '');
  if (lines.some(condaPackage)) return condaFiles(lines, day, plan);
  // pip takes hashes for all or for none, and what was built here has none.
  const isHashed = lines.every((line) => line.includes(' --hash='));
  const pinned = lines.map((line) => (isHashed ? line : line.replace(/ --hash=\S+/g, ''))).sort();
  const when = day === 'latest' ? '' : ` as of ${day}`;
  const head = `# Locked by Slipway ${VERSION}${when}, for Python ${plan.python.version} on ${plan.platform}; slipway lock renews it.`;
  const runtime = `python-${plan.python.version}${day === 'latest' ? '' : `-${day}`}`;
  return { 'requirements.txt': `${[head, ...pinned].join('\n')}\n`, 'runtime.txt': `${runtime}\n` };
}

function condaFiles(lines: readonly string[], day: string, plan: Plan): Record<string, string> {
  const packages = lines.flatMap((line) => condaPackage(line) ?? []).sort((a, b) => (a.name < b.name ? -1 : 1));
  const pip = lines.filter((line) => condaPackage(line) === undefined).map((line) => line.replace(/ --hash=\S+/g, ''));
  const channels = [...new Set(packages.map(({ channel }) => channel))];
  const text = [
    `# Locked by Slipway ${VERSION}${day === 'latest' ? '' : ` as of ${day}`} on ${plan.platform}; slipway lock renews it.`,
    'channels:',
    ...channels.map((name) => `  - ${name}`),
    'dependencies:',
    ...packages.map(({ name, version, build }) => `  - ${name}=${version}=${build}`),
    ...(pip.length === 0 ? [] : ['  - pip:', ...pip.sort().map((line) => `      - ${JSON.stringify(line)}`)]),
  ];
  const python = packages.find(({ name }) => name === 'python')?.version;
  const files = { 'environment.yml': `${text.join('\n')}\n` };
  if (day === 'latest') return files;
  // Only the day of it counts beside an environment.yml; one of R would be another buildpack's at Binder.
  return { ...files, 'runtime.txt': `python-${python ?? '3'}-${day}\n` };
}

async function write(files: Record<string, string>, folder: string, isForced: boolean): Promise<string[]> {
  const paths = Object.keys(files).map((name) => join(folder, name));
  const there = paths.filter((path) => existsSync(path));
  if (there.length > 0 && !isForced)
    throw new SlipwayError('bad_usage', `${there.join(' and ')} would be replaced.`, {
      hint: 'Add --force if that is what you want, or name another folder with --output.',
    });
  await mkdir(folder, { recursive: true });
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
  return paths;
}

export const command: Command = {
  name: 'lock',
  summary: 'write files that pin the environment of a repository: requirements.txt or environment.yml, and runtime.txt',
  operands: '<repo>',
  count: { min: 1, max: 1 },
  details: `${REPO_DETAILS}\nBuilds the environment if there is none yet. Commit the files where the repository's own stand: beside
an apt.txt or postBuild, or in binder/.`,
  options: OPTIONS,
  examples: [
    { line: 'slipway lock . --output binder', meaning: 'the folder you are in' },
    { line: 'slipway lock gh/org/name/v1.0 --json', meaning: 'the texts, for programs; nothing is written' },
  ],
  async run(args, io) {
    const config = loadConfig();
    const { lockRepo } = await import('../locks.ts');
    const isJson = args.switches.has('json');
    const deps = { config, signal: io.signal, allowLocal: true };
    const options = { isJson: false, stages: ['Find', 'Plan', 'Build'] as const, dataFolder: config.SLIPWAY_DATA };
    const locked = isJson
      ? await lockRepo(repoRequest(args), { ...deps, emit: () => undefined })
      : await withProgress(io, options, (emit) => lockRepo(repoRequest(args), { ...deps, emit }));
    const files = lockFiles(locked);
    if (isJson) io.stdout.write(`${JSON.stringify(files)}\n`);
    else
      for (const path of await write(files, args.values.output ?? '.', args.switches.has('force')))
        io.stdout.write(`${path}\n`);
    return 0;
  },
};
