/** Repositories whose files must not hurt; numbers are rows of the list of hostile inputs. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '../../../src/errors.ts';
import { canary, DAY, refused, refusedFiles } from '../../support/refused.ts';
import { type CommitSpec, type FileSpec, git } from '../../support/repo.ts';
import { openWorld, type World } from '../../support/world.ts';

const run = promisify(execFile);

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

describe('repositories (13–17, 19, 36)', () => {
  const submodule = (url: string): Record<string, FileSpec> => ({
    '.gitmodules': `[submodule "x"]\n\tpath = x\n\turl = ${url}\n`,
    x: { submodule: 'a'.repeat(40) },
  });

  it.each([
    ['file', 'file:///etc', 'submodule_failed'],
    ['an option', '-u./evil', 'submodule_failed'],
    ['private', 'http://127.0.0.2/x.git', 'host_not_allowed'],
    ['ext', 'ext::sh -c touch% /tmp/x', 'submodule_failed'],
    ['outside', '../../../../etc', 'submodule_failed'],
  ] as const)('13: a submodule: %s', async (name, target, code) => {
    await refusedFiles(world, `submodule-${name.replace(' ', '-')}`, submodule(target), code);
  });

  it('14: attributes, filters and hooks never run', async () => {
    const { url } = await world.repo('filters', [
      {
        date: DAY,
        files: {
          '.gitattributes': '* filter=evil diff=evil\n',
          '.gitconfig': `[filter "evil"]\n\tsmudge = touch ${canary(world)}\n`,
          '.lfsconfig': '[lfs]\n\turl = http://127.0.0.2/lfs\n',
          'a.txt': 'x',
        },
      },
    ]);
    expect((await world.plan([url])).commit).toHaveLength(40);
    expect(existsSync(canary(world))).toBe(false);
  });

  const files: [string, Record<string, FileSpec>, ErrorCode][] = [
    ['15: binder is a link out', { binder: { link: '/etc' } }, 'unsafe_file'],
    ['15: requirements.txt is a link out', { 'requirements.txt': { link: '../../../../etc/passwd' } }, 'unsafe_file'],
    ['15: apt.txt is a folder', { 'apt.txt/x': 'y' }, 'unsafe_file'],
    ['15: Pipfile is a link out', { Pipfile: { link: '/etc/passwd' } }, 'unsafe_file'],
    ['15: poetry.lock is a folder', { 'poetry.lock/x': 'y' }, 'unsafe_file'],
    ['16: /proc as Pipfile.lock', { 'Pipfile.lock': { link: '/proc/self/environ' } }, 'unsafe_file'],
    ['16: a folder outside', { Pipfile: '[packages]\nx = {path = "../../x"}\n' }, 'unsafe_file'],
    ['16: /proc', { 'requirements.txt': { link: '/proc/self/environ' } }, 'unsafe_file'],
    ['16: -r of an absolute path', { 'requirements.txt': '-r /etc/passwd\n' }, 'unsafe_file'],
    ['16: -r out', { 'requirements.txt': '-r ../../x\n' }, 'unsafe_file'],
    ['18: a command', { 'apt.txt': 'jq\njq; curl evil\n' }, 'bad_environment_file'],
    ['18: an option', { 'apt.txt': '-o APT::Get::AllowUnauthenticated=1\n' }, 'bad_environment_file'],
    ['18: a substitution', { 'apt.txt': '$(id)\n' }, 'bad_environment_file'],
    ['20: a newline in runtime.txt', { 'runtime.txt': 'python-3.9\nRUN id\n' }, 'bad_environment_file'],
    ['20: 1 MB of runtime.txt', { 'runtime.txt': 'p'.repeat(1 << 20) }, 'bad_environment_file'],
    ['20: bidi', { 'runtime.txt': 'python-3\u202e.9\n' }, 'bad_environment_file'],
    ['20: not text', { 'requirements.txt': Buffer.from([0, 255, 1, 254]) }, 'file_not_text'],
    [
      '21: nesting in TOML',
      { 'pyproject.toml': `[project]\nname="x"\nx=${'['.repeat(100_000)}` },
      'bad_environment_file',
    ],
    ['15: environment.yml is a link out', { 'environment.yml': { link: '/etc/passwd' } }, 'unsafe_file'],
    [
      '16: what pip includes in environment.yml',
      { 'environment.yml': 'dependencies:\n- pip:\n  - -r ../../x\n' },
      'unsafe_file',
    ],
    [
      '21: a bomb of aliases',
      { 'environment.yml': `a: &a [x]\nb: &b [${'*a,'.repeat(99)}]\ndependencies: [${'*b,'.repeat(99)}]\n` },
      'bad_environment_file',
    ],
    ['21: nesting in YAML', { 'environment.yml': `dependencies: ${'['.repeat(50_000)}` }, 'bad_environment_file'],
    ['21: a tag', { 'environment.yml': 'dependencies: !!js/function "x"\n' }, 'bad_environment_file'],
    ['21: ten megabytes of it', { 'environment.yml': Buffer.alloc(10 << 20, '#') }, 'file_too_large'],
    ['21: ten megabytes of a lock', { 'conda-lock.yml': Buffer.alloc(10 << 20, '#') }, 'file_too_large'],
    ['22: a channel of shell text', { 'environment.yml': 'channels: ["$(id)"]\n' }, 'bad_environment_file'],
    ['22: a package of shell text', { 'environment.yml': 'dependencies: ["x; id"]\n' }, 'bad_environment_file'],
    ['21: nesting in JSON', { 'Pipfile.lock': `{"default": ${'['.repeat(500_000)}` }, 'bad_environment_file'],
    ['21: ten megabytes of uv.lock', { 'uv.lock': `version = 1\n${'# x\n'.repeat(2_500_000)}` }, 'file_too_large'],
    ['both config folders', { 'binder/apt.txt': 'jq\n', '.binder/apt.txt': 'jq\n' }, 'conflicting_folders'],
  ];

  it.each(files)('%s', async (title, repository, code) => {
    const failed = await refusedFiles(world, title.replace(/\W+/g, '-'), repository, code);
    expect(failed.hint ?? failed.message).not.toBe('');
    if (title.startsWith('18: a command')) expect(failed.message).toMatch(/apt\.txt.*(line )?2/);
  });

  it('16: files that include each other come to an end', async () => {
    const files = { 'requirements.txt': '-r more.txt\nsix\n', 'more.txt': '-r requirements.txt\n-c more.txt\n' };
    const { url } = await world.repo('circle', [{ date: DAY, files }]);
    expect((await world.plan([url])).buildpacks.map(({ name }) => name)).toEqual(['python']);
  });

  it('15: a FIFO in a local folder does not hang', async () => {
    const folder = join(world.data, 'with-fifo');
    await git(world.server.root, 'init', '--quiet', folder);
    await run('mkfifo', [join(folder, 'requirements.txt')]);
    await refused(world, [folder], 'unsafe_file');
  });

  it('15: a lock that is a FIFO is no reason not to build what Binder builds', async () => {
    const folder = join(world.data, 'with-fifo-lock');
    await git(world.server.root, 'init', '--quiet', folder);
    await writeFile(join(folder, 'pyproject.toml'), '[project]\nname = "x"\n[build-system]\nrequires = []\n');
    await run('mkfifo', [join(folder, 'uv.lock')]);
    expect((await world.plan([folder])).notices.map(({ code }) => code)).toContain('lock-unusable');
  });

  it.each([
    ['files', { SLIPWAY_FETCH_FILES: '3' }, 'repo_too_large'],
    ['bytes', { SLIPWAY_FETCH_SIZE: '1M' }, 'repo_too_large'],
    ['the size of a file', { SLIPWAY_FETCH_FILE_SIZE: '1M' }, 'repo_too_large'],
  ] as const)('17: a limit on %s', async (_name, settings, code) => {
    const { url } = await world.repo(`big-${_name.replace(/\W/g, '-')}`, [
      { date: DAY, files: { a: randomBytes(3 << 20), b: '1', c: '2', d: '3', e: '4' } },
    ]);
    await refused(world, [url], code, settings);
  });

  it('17: a server that never ends', async () => {
    const { url } = await world.repo('never', [{ date: DAY, files: { a: 'b' } }]);
    world.server.intercept = (request) => request.method === 'POST' && !!request.url?.endsWith('git-upload-pack');
    await refused(world, [url], 'fetch_timeout', { SLIPWAY_FETCH_TIME: '3s' });
    world.server.intercept = undefined;
  });

  it('19, 22, 24: names and packages with shell and Dockerfile text are data', async () => {
    const odd = 'a\nRUN touch canary\n"$(id)`id`\'.txt';
    const { url } = await world.repo('odd-names', [
      { date: DAY, files: { [odd]: 'x', 'dir "$(id)/postBuild': 'x', 'index.md': 'y' } },
    ]);
    const result = await world.run(['plan', '--json', url]);
    // Control characters in file names are refused, or quoted; never an instruction.
    if (result.exitCode === 0) expect(JSON.parse(result.stdout).dockerfile).not.toMatch(/^RUN touch canary/m);
    else expect(result.exitCode).toBe(ERRORS.unsafe_path.exit);
  });

  it('a sub-folder that is not there, or outside', async () => {
    const { url } = await world.repo('subdir', [{ date: DAY, files: { 'a/b': 'c' } }]);
    await refused(world, ['--subdir=nope', url], 'subdir_not_found');
    await refused(world, ['--subdir=../..', url], 'subdir_not_found');
    await refused(world, ['--subdir=/etc', url], 'subdir_not_found');
  });

  it.each([
    ['1970-01-01', '2015-01-01'],
    ['2099-01-01', new Date().toISOString().slice(0, 10)],
  ])('36: commits of %s are clamped, and it is said', async (date, asOf) => {
    const commits: CommitSpec[] = [{ date, files: { 'requirements.txt': 'six\n' } }];
    const { url } = await world.repo(`dated-${date}`, commits);
    const plan = await world.plan([url], { SLIPWAY_PYTHONS: 'debian' });
    expect(plan.asOf).toBe(asOf);
    expect(plan.notices.map(({ message }) => message).join('\n')).toContain(date);
  });

  it('unknown and empty repositories', async () => {
    await refused(world, [world.server.url('unknown')], 'repo_not_found');
    await world.repo('empty', []);
    await refused(world, [world.server.url('empty')], 'repo_empty');
    const site = createServer((_request, response) => response.end('<html>\n<h1>not git</h1>\n</html>\n'));
    await new Promise<void>((done) => site.listen(0, '127.0.0.1', done));
    const host = `127.0.0.1:${(site.address() as { port: number }).port}`;
    await refused(world, [`http://${host}/x`], 'not_git', { SLIPWAY_ALLOWED_HOSTS: host });
    site.close();
    await refused(world, [`http://${host}/x.git`], 'host_unreachable', { SLIPWAY_ALLOWED_HOSTS: host });
  });
});
