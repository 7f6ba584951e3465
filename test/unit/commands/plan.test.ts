import { describe, expect, it } from 'vitest';
import { planObject, planText } from '../../../src/commands/plan.ts';
import { columns, painter } from '../../../src/commands/text.ts';
import type { Plan } from '../../../src/types.ts';
import { versionRows } from '../../../src/versions.ts';

const tier = (name: string) => ({ key: 'k'.repeat(40), image: `slipway/${name}:${'k'.repeat(40)}` });
const plan: Plan = {
  repo: 'https://github.com/a/b',
  commit: '0123456789abcdef0123456789abcdef01234567',
  commitDate: '2024-03-05T10:00:00.000Z',
  platform: 'linux/amd64',
  subdir: '',
  asOf: '2024-03-01',
  era: { debian: 'bookworm', python: '3.11', r: '4.2' },
  python: { version: '3.11', source: 'debian', notBefore: '2023-02-01' },
  buildpacks: [
    { name: 'apt', evidence: [{ file: 'apt.txt', reason: '3 packages' }] },
    { name: 'python', evidence: [{ file: 'requirements.txt', reason: `asks for ${'many packages, '.repeat(12)}` }] },
  ],
  notices: [{ code: 'ignored-file', message: 'environment.yml is not read \u001b[31myet', file: 'environment.yml' }],
  tiers: { base: tier('base'), environment: tier('environment'), content: tier('content') },
  server: 'isolated',
  ownPython: true,
  steps: [
    { title: 'Installing 3 Debian packages', place: 'system', template: 'apt/install', values: {} },
    { title: 'Running postBuild', place: 'content', template: 'postbuild/run', values: {} },
  ],
  env: {},
  executables: [],
  fullHistory: false,
};
const dockerfile = 'FROM debian:bookworm-slim\nRUN echo "\u202ehidden"\n';

describe('a plan', () => {
  it('for programs has exactly the promised keys, in their order', () => {
    expect(Object.keys(planObject(plan, dockerfile))).toEqual([
      'repo',
      'commit',
      'commitDate',
      'platform',
      'subdir',
      'asOf',
      'era',
      'buildpacks',
      'notices',
      'tiers',
      'server',
      'dockerfile',
    ]);
    expect(planObject(plan, dockerfile).dockerfile).toBe(dockerfile);
  });

  it('shows packages beside those of today', () => {
    const versions = versionRows(
      'numpy==1.26.4 --hash=sha256:0a\nsix==1.16.0\ntool @ git+https://h/t@abc\n',
      'numpy==2.5.0\nsix==1.16.0\nnewer==1.0\n',
    );
    expect(planObject(plan, dockerfile, versions).versions).toEqual([
      { name: 'newer', asOf: null, latest: '1.0' },
      { name: 'numpy', asOf: '1.26.4', latest: '2.5.0' },
      { name: 'six', asOf: '1.16.0', latest: '1.16.0' },
      { name: 'tool', asOf: 'git+https://h/t@abc', latest: null },
    ]);
    const text = planText({ plan, dockerfile, versions }, 80, painter(false));
    expect(text.slice(text.indexOf('Packages'), text.indexOf('Dockerfile'))).toMatchInlineSnapshot(`
      "Packages
               2024-03-01           today
        newer  –                    1.0
        numpy  1.26.4               2.5.0
        six    1.16.0               1.16.0
        tool   git+https://h/t@abc  –

      "
    `);
  });

  it('for people fits the terminal and steers nothing', () => {
    const text = planText({ plan, dockerfile }, 80, painter(false));
    expect(text.replace(/\n/g, '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    for (const line of text.split('\n')) expect(columns(line)).toBeLessThanOrEqual(80);
    expect(text).toMatchInlineSnapshot(`
      "https://github.com/a/b
        commit    0123456789ab, of 2024-03-05
        as of     2024-03-01: Debian bookworm, Python 3.11
        server    JupyterLab in its own environment
        platform  linux/amd64

      Found
        apt       apt.txt: 3 packages
        python    requirements.txt: asks for many packages, many packages, many
                  packages, many packages, many packages, many packages, many
                  packages, many packages, many packages, many packages, many
                  packages, many packages, 

      Notices
        ! environment.yml is not read yet

      Will be built
        base         slipway/base:kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
        environment  slipway/environment:kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
                     Installing 3 Debian packages
        content      slipway/content:kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
                     Running postBuild

      Dockerfile

      FROM debian:bookworm-slim
      RUN echo "hidden"
      "
    `);
  });
});
