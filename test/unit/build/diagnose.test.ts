/** Logs of real failed builds (fixtures/*.txt) and what has to be made of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/build/diagnose.ts';
import type { ErrorCode } from '../../../src/errors.ts';

function failureOf(name: string, exitCode = 1) {
  const text = readFileSync(join(import.meta.dirname, 'fixtures', `${name}.txt`), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '');
  return {
    step: 'Installing things',
    lines,
    message: `executor failed running [/bin/sh -c x]: exit code: ${exitCode}`,
  };
}

interface Case {
  log: string;
  code: ErrorCode;
  says: RegExp;
  hint?: RegExp;
  exitCode?: number;
}

const CASES: Case[] = [
  { log: 'uv-notfound', code: 'package_not_found', says: /nonexistent-barnacle-7/ },
  { log: 'uv-noversion', code: 'package_not_found', says: /six==99\.9/ },
  { log: 'pip-notfound', code: 'package_not_found', says: /nonexistent-barnacle-7/ },
  { log: 'apt-notfound', code: 'package_not_found', says: /no-such-barnacle/, exitCode: 100 },
  { log: 'npm-404', code: 'package_not_found', says: /no package no-such-barnacle-xyz-77\./ },
  {
    log: 'uv-conflict',
    code: 'version_conflict',
    says: /Because requests==2\.31\.0 depends on idna>=2\.5,<4[\s\S]*idna==2\.0/,
  },
  { log: 'uv-old', code: 'version_conflict', says: /setuptools/ },
  { log: 'pip-conflict', code: 'version_conflict', says: /requests 2\.31\.0 depends on idna<4/ },
  {
    log: 'header',
    code: 'compile_failed',
    says: /pygraphviz==1\.11 needs graphviz\/cgraph\.h/,
    hint: /libgraphviz-dev to apt\.txt/,
  },
  {
    log: 'nogxx',
    code: 'compile_failed',
    says: /kiwisolver==1\.4\.5 needs x86_64-linux-gnu-g\+\+/,
    hint: /build-essential/,
  },
  { log: 'mysqlclient', code: 'compile_failed', says: /mysqlclient==2\.2\.0 needs pkg-config/, hint: /pkg-config/ },
  { log: 'psycopg2', code: 'compile_failed', says: /psycopg2==2\.9\.9 needs pg_config/, hint: /libpq-dev/ },
  {
    log: 'python2',
    code: 'build_failed',
    says: /beautifulsoup==3\.2\.1 is written for Python 2/,
    hint: /Python 3/,
    exitCode: 70,
  },
  {
    log: 'older-python',
    code: 'build_failed',
    says: /cx-freeze==6\.1 is written for an older Python/,
    hint: /runtime\.txt/,
    exitCode: 70,
  },
  { log: 'killed', code: 'build_out_of_memory', says: /memory/, hint: /SLIPWAY_BUILD_MEMORY/, exitCode: 137 },
  { log: 'notstarted', code: 'engine_busy', says: /could not start it/, hint: /SLIPWAY_BUILD_PIDS/ },
  { log: 'nospace', code: 'disk_full', says: /no space left/ },
  { log: 'refused', code: 'build_upstream', says: /127\.0\.0\.1:9/, exitCode: 2 },
  { log: 'noresolve', code: 'build_upstream', says: /no-such-host\.invalid/, exitCode: 2 },
  { log: 'aptdown', code: 'build_upstream', says: /127\.0\.0\.1:9/, exitCode: 100 },
  { log: 'uv-index-down', code: 'build_upstream', says: /pypi\.org/ },
  { log: 'other-hashes', code: 'build_failed', says: /no file of six .* hash/, hint: /write the lock anew/ },
  { log: 'setupfail', code: 'build_failed', says: /RuntimeError: boom/ },
];

describe('diagnose', () => {
  it.each(CASES)('$log is $code', ({ log, code, says, hint, exitCode }) => {
    const error = diagnose(failureOf(log, exitCode));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
    expect(error.message).toContain('The step "Installing things" failed');
    if (hint) expect(error.hint).toMatch(hint);
  });

  it('quotes the last lines of a step and its exit code', () => {
    const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`);
    const error = diagnose({ step: 'postBuild', lines, message: 'executor failed running [x]: exit code: 3' });
    expect(error.message).toMatch(/exit code 3/);
    expect(error.message).toContain('line 49');
    expect(error.message).not.toContain('line 10\n');
  });

  it('knows a build that the engine has lost, which may go well next time', () => {
    const lost = (message: string) => diagnose({ step: 'load remote build context', lines: [], message });
    const message = 'Get "http://build-context-jozn2eyelots3pmj8nhs7iqme": context not found';
    expect(lost(message).kind).toMatchObject({ exit: 64, retryable: true });
    expect(lost(message).message).toMatch(/its cache was cleared meanwhile/);
    expect(lost(`echo ${message} && exit 1`).code).toBe('build_failed');
  });

  it('does not take an early failed attempt for the reason', () => {
    const lines = ['Connection refused, trying again', ...Array.from({ length: 60 }, () => 'fine'), 'assertion failed'];
    expect(diagnose({ step: 's', lines, message: 'exit code: 1' }).code).toBe('build_failed');
  });

  it('suggests a package for a library of pkg-config and of the linker', () => {
    const of = (line: string) => diagnose({ step: 's', lines: [line], message: 'exit code: 1' });
    expect(of("No package 'libxml-2.0' found").hint).toContain('libxml2-dev');
    expect(of('/usr/bin/ld: cannot find -lpq: No such file or directory').hint).toContain('libpq-dev');
    expect(of('x.cpp:1:10: fatal error: boost/python.hpp: No such file or directory').hint).toContain(
      'libboost-all-dev',
    );
    expect(of('a.c:1:10: fatal error: unheard-of.h: No such file or directory').message).toContain('unheard-of.h');
  });
});
