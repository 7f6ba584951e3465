/** Builds that fail: each with its own code, a sentence that helps, and nothing left behind. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '../../../src/errors.ts';
import { type IndexServer, startIndexServer } from '../../support/index-server.ts';
import { makeSdist } from '../../support/python-packages.ts';
import type { FileSpec } from '../../support/repo.ts';
import { once } from '../../support/scenario.ts';
import { openWorld, type World } from '../../support/world.ts';

const script = (...lines: string[]): FileSpec => ({ content: `#!/bin/bash\n${lines.join('\n')}\n`, mode: '755' });

interface Failure {
  title: string;
  files: Record<string, FileSpec>;
  settings?(index: IndexServer): Record<string, string>;
  code: ErrorCode;
  message: RegExp[];
  hint?: RegExp;
}

const FFTW = `from setuptools import setup, Extension
setup(name="urchin", version="1.0", ext_modules=[Extension("urchin", ["urchin.c"])])
`;

const failures: Failure[] = [
  {
    title: 'a package that does not exist',
    files: { 'requirements.txt': 'six==1.15.0\nnonexistent-barnacle-7\n' },
    code: 'package_not_found',
    message: [/nonexistent-barnacle-7/],
  },
  {
    title: 'a version conflict',
    files: { 'requirements.txt': 'requests==2.31.0\nidna==2.0\n' },
    code: 'version_conflict',
    message: [/requests==2\.31\.0/, /idna/],
  },
  {
    title: 'a compile error for want of a header',
    files: { 'requirements.txt': 'urchin==1.0\n' },
    settings: (index) => ({ SLIPWAY_MIRROR_PYPI: index.url }),
    code: 'compile_failed',
    message: [/fftw3\.h/, /urchin/],
    hint: /libfftw3-dev.*apt\.txt|apt\.txt.*libfftw3-dev/,
  },
  {
    title: 'a Debian package that does not exist',
    files: { 'apt.txt': 'jq\nno-such-barnacle\n' },
    code: 'package_not_found',
    message: [/no-such-barnacle/],
  },
  {
    title: 'a postBuild that fails',
    files: { postBuild: script('echo before', 'echo the last words >&2', 'exit 3') },
    code: 'build_failed',
    message: [/postBuild/, /the last words/],
  },
  {
    title: 'out of memory',
    files: { postBuild: script('exec python3 -c "x = bytearray(b\'x\') * (6 << 30)"') },
    code: 'build_out_of_memory',
    message: [/memory/],
    hint: /SLIPWAY_BUILD_MEMORY/,
  },
  {
    title: 'out of time',
    files: { postBuild: script('sleep 271') },
    settings: () => ({ SLIPWAY_BUILD_TIME: '15s' }),
    code: 'build_timeout',
    message: [/./],
    hint: /SLIPWAY_BUILD_TIME/,
  },
  {
    title: 'no disk',
    files: { 'requirements.txt': `${once('six==1.14.0')}\n` },
    settings: () => ({ SLIPWAY_DISK_FREE: '9000T' }),
    code: 'disk_full',
    message: [/./],
  },
  {
    title: 'a package index that does not answer',
    files: { 'requirements.txt': `${once('six==1.13.0')}\n` },
    settings: () => ({ SLIPWAY_MIRROR_PYPI: 'http://127.0.0.1:9/simple' }),
    code: 'build_upstream',
    message: [/./],
  },
  {
    title: 'no engine',
    files: { 'requirements.txt': 'six==1.15.0\n' },
    settings: () => ({ DOCKER_HOST: 'unix:///nonexistent/docker.sock' }),
    code: 'engine_missing',
    message: [/\/nonexistent\/docker\.sock/],
  },
];

describe('failing builds', () => {
  let index: IndexServer;
  let world: World;

  beforeAll(async () => {
    index = await startIndexServer();
    world = await openWorld();
    const urchin = { 'setup.py': FFTW, 'urchin.c': '#include <fftw3.h>\nint main(void) { return 0; }\n' };
    index.add('urchin', [await makeSdist({ name: 'urchin', version: '1.0', files: urchin })]);
  });
  afterAll(async () => {
    await world?.close();
    await index?.close();
  });

  it.each(failures)('$title', async (failure) => {
    const name = failure.title.replace(/\W+/g, '-');
    const { url } = await world.repo(name, [{ date: '2024-03-10', files: failure.files }]);
    const failed = await world.fail(['build', '--json', url], failure.settings?.(index));
    expect(failed.code, failed.message).toBe(failure.code);
    for (const pattern of failure.message) expect(failed.message).toMatch(pattern);
    if (failure.hint) expect(failed.hint).toMatch(failure.hint);
    expect(failed.run.exitCode).toBe(ERRORS[failure.code].exit);
  });

  it('says the same to people, on stderr', async () => {
    const { url } = await world.repo('for-people', [
      { date: '2024-03-10', files: { 'requirements.txt': 'nonexistent-barnacle-8\n' } },
    ]);
    const run = await world.run(['build', url]);
    expect(run.exitCode).toBe(ERRORS.package_not_found.exit);
    expect(run.stderr).toContain('nonexistent-barnacle-8');
    expect(run.stderr).not.toMatch(/\n {4}at /);
  });
});
