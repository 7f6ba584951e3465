/** Which environments may go on from which, and by what Dockerfile. */
import { describe, expect, it } from 'vitest';
import { kinLabels } from '../../../src/build/grow.ts';
import { renderGrown } from '../../../src/render/dockerfile.ts';
import { plan } from '../../support/guess-plan.ts';

const [KIN, ASKED] = ['org.slipway.kin', 'org.slipway.asked'];
const FILES = { 'requirements.txt': 'six\nidna\n' };

async function labels(files: Record<string, string>, settings: Record<string, string> = {}) {
  const found = kinLabels(await plan(files, settings));
  return { kin: found[KIN], asked: JSON.parse(found[ASKED] ?? '{"of":[]}').of as string[] };
}

describe('kin', () => {
  it('is what asks for other packages, and else for the same', async () => {
    const [one, more] = [
      await labels(FILES),
      await labels({ 'requirements.txt': 'six\nnumpy\nidna\n', 'a.ipynb': '{}' }),
    ];
    expect(one.kin).toMatch(/^[0-9a-f]{40}$/);
    expect(more.kin).toBe(one.kin);
    expect(one.asked).toHaveLength(2);
    expect(more.asked).toHaveLength(3);
    expect(more.asked).toEqual(expect.arrayContaining(one.asked));
  });

  it.each<[string, Record<string, string>, Record<string, string>?]>([
    ['day', FILES, { SLIPWAY_AS_OF: '2024-02-01' }],
    ['base', FILES, { SLIPWAY_BASE_EPOCH: '2' }],
    ['Python', { ...FILES, 'runtime.txt': 'python-3.12' }],
    ['constraint', { 'requirements.txt': 'six\nidna\n-c c.txt\n', 'c.txt': 'idna<3\n' }],
    ['Debian package', { ...FILES, 'apt.txt': 'jq\n' }],
    ['server', { 'requirements.txt': 'six\nidna\njupyterlab\n' }],
  ])('is not what has another %s', async (_, files, settings) => {
    const other = await labels(files, settings);
    expect(other.kin).toMatch(/^[0-9a-f]{40}$/);
    expect(other.kin).not.toBe((await labels(FILES)).kin);
  });

  it.each<[string, Record<string, string>]>([
    ['an index of its own', { 'requirements.txt': '--extra-index-url https://example.org/simple\nsix\n' }],
    ['a lock', { 'requirements.txt': `six==1.15.0 --hash=sha256:${'0'.repeat(64)}\n` }],
    ['conda', { 'environment.yml': 'dependencies: [python=3.11]\n' }],
    ['nothing to ask for', { 'requirements.txt': '' }],
    ['very much to ask for', { 'requirements.txt': Array.from({ length: 201 }, (_, at) => `p${at}\n`).join('') }],
  ])('is nothing for what has %s', async (_, files) => {
    expect(kinLabels(await plan(files))).toEqual({});
  });
});

it('nobody’s package is in the stage that mounts the cache', async () => {
  const { tiers, ...rest } = await plan({ ...FILES, 'apt.txt': 'jq\n' });
  const dockerfile = renderGrown(
    { ...rest, tiers: { ...tiers, base: { key: '', image: 'slipway/base:b' } } },
    'slipway/environment:e',
  );
  expect(
    dockerfile.replace(/^RUN [\s\S]*?[^\\]$/gm, (run) => (run.match(/(?:id=|slipway-)[a-z-]+/g) ?? []).join(' ')),
  ).toMatchInlineSnapshot(`
    "FROM slipway/base:b AS system

    # step: Installing jq
    USER root
    id=slipway-apt-bookworm

    FROM system AS resolve

    # step: Choosing versions of 2 Python packages as of 2024-03-01
    USER jovyan
    slipway-resolve

    FROM system AS built
    ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    USER root

    # step: Compiling packages that have no wheel, if there are any
    COPY --from=resolve --chown=1000:1000 /tmp/made/env/ /srv/env/
    slipway-compile

    FROM system AS more

    # step: Installing Python packages
    USER jovyan
    COPY --from=built --chown=1000:1000 /tmp/made/env/share/slipway/ /srv/env/share/slipway/
    COPY --from=slipway/environment:e --chown=1000:1000 /srv/env/share/slipway/python.lock /srv/env/share/slipway/build.lock /tmp/slipway-before/
    id=slipway-uv slipway-install

    FROM slipway/environment:e

    USER jovyan
    COPY --from=more --chown=1000:1000 /tmp/made/env/ /srv/env/
    COPY --from=built --chown=1000:1000 /tmp/made/env/ /srv/env/
    slipway-finish

    USER jovyan
    "
  `);
});
