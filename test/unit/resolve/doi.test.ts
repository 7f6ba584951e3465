/** DOIs: what is taken for one, and what is believed of what the sites say that it leads to. */
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { binderVariables } from '../../../src/launch/variables.ts';
import { locateRepo } from '../../../src/resolve/locate.ts';
import { parseRepo } from '../../../src/resolve/spec.ts';
import type { Sites } from '../../../src/sites.ts';

const parse = (input: string, ref?: string) => parseRepo(input, { allowLocal: false, ref });
const RECORD = {
  provider: 'zenodo',
  name: '10.5281/zenodo.1234',
  cloneUrl: 'https://zenodo.org/records/1234',
  canonicalUrl: 'https://doi.org/10.5281/zenodo.1234',
};

describe('a DOI', () => {
  test.each([
    '10.5281/zenodo.1234',
    ' 10.5281/ZENODO.1234/ ',
    'doi:10.5281/zenodo.1234',
    'DOI: 10.5281/zenodo.1234',
    'https://doi.org/10.5281/zenodo.1234',
    'http://dx.doi.org/10.5281%2Fzenodo.1234',
    'https://doi.org/doi:10.5281/zenodo.1234',
    'doi.org/10.5281/zenodo.1234',
    'https://zenodo.org/records/1234',
    'https://www.zenodo.org/record/1234#.YxYz',
    'https://zenodo.org/records/1234/files/a.zip?download=1',
    'zenodo.org/records/1234',
    'https://zenodo.org/doi/10.5281/zenodo.1234',
    'https://zenodo.org/badge/DOI/10.5281/zenodo.1234.svg',
    'zenodo/10.5281/zenodo.1234',
    'zenodo/10.5281%2Fzenodo.1234',
    'https://mybinder.org/v2/zenodo/10.5281/zenodo.1234/',
    'git/https%3A%2F%2Fdoi.org%2F10.5281%2Fzenodo.1234/HEAD',
  ])('of Zenodo is %j', (input) => {
    const { ref: _head, ...spec } = parse(input);
    expect(spec).toEqual(RECORD);
  });

  test('is one of any registrant', () => {
    const canonicalUrl = 'https://doi.org/10.1000.10/a-b_c;(d):e/f';
    expect(parse('10.1000.10/A-b_c;(d):e/f')).toEqual({
      provider: 'zenodo',
      name: '10.1000.10/a-b_c;(d):e/f',
      cloneUrl: canonicalUrl,
      canonicalUrl,
    });
  });

  test('opens what its link says', () => {
    expect(parse('https://mybinder.org/v2/zenodo/10.5281/zenodo.1234/?labpath=a.ipynb').urlpath).toBe(
      'doc/tree/a.ipynb',
    );
  });

  test('stands for one version', () => {
    expect(parse('10.5281/zenodo.1234', 'HEAD')).toEqual(RECORD);
    expect(() => parse('10.5281/zenodo.1234', 'main')).toThrow(
      expect.objectContaining({ code: 'bad_spec', message: expect.stringContaining('one version') }),
    );
  });

  test.each([
    '10.5281/',
    '10.5281/..',
    '10.5281/../x',
    '10.5281/a/./b',
    '10.5281/a//b',
    '10.5281/a b',
    '10.5281/a\u202eb',
    '10.5281/a?b',
    '10.5281/a%0ab',
    '10.5281/a<b>',
    '10.5281/%2e%2e/x',
    '10.5281/é',
    '10.52/x',
    '10.5281.x/y',
    `10.5281/${'x'.repeat(200)}`,
    'doi:',
    'doi:zenodo.1234',
    'doi:https://evil.example/10.5281/x',
    'doi:me:hunter2@10.5281/x',
    'https://doi.org/',
    'https://doi.org/about',
    'https://doi.org/10.5281/%252e%252e%252fx',
    'https://zenodo.org/',
    'https://zenodo.org/communities/x',
    'https://zenodo.org/records/x',
    'https://zenodo.org/records/1234567890123',
    'https://me:hunter2@zenodo.org/records/1',
    'zenodo/1234',
    'zenodo/10.5281%252Fzenodo.1',
  ])('is not %j', (input) => {
    expect(() => parse(input)).toThrow(expect.objectContaining({ code: 'bad_spec' }));
  });

  test.each(['10.1234/', 'doi:', 'doi: '])('is found in no time, however long it is: %j', (start) => {
    const started = performance.now();
    for (const part of ['/', '.', '1.', ':/', '((', '/.'])
      expect(() => parse(start + part.repeat(900))).toThrow(expect.objectContaining({ code: 'bad_spec' }));
    expect(performance.now() - started).toBeLessThan(500);
  });
});

/** Sites that answer as a table says; everything else is missing there. */
function sites(json: Record<string, unknown>, leads: Record<string, string> = {}): Sites & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async json({ href }) {
      asked.push(href);
      return json[href];
    },
    async leadsTo({ href }) {
      asked.push(href);
      return Object.hasOwn(leads, href)
        ? { isMissing: false, ...(leads[href] && { location: new URL(leads[href], href) }) }
        : { isMissing: true };
    },
  };
}
const API = 'https://zenodo.org/api/records/';
const related = (...all: unknown[]) => ({ metadata: { related_identifiers: all } });
const made = (identifier: unknown, relation: unknown = 'isSupplementTo') => related({ identifier, relation });
const locate = (input: string, from: Sites, settings = {}) =>
  locateRepo(parse(input), { sites: from, config: loadConfig(settings) });
const ofRecord = (record: unknown) => locate('10.5281/zenodo.1', sites({ [`${API}1`]: record }));

describe('a record of Zenodo', () => {
  test.each<[string, object]>([
    [
      'https://github.com/Org/Repo/tree/v1.0',
      { provider: 'gh', name: 'Org/Repo', page: { kind: 'tree', refAndPath: 'v1.0' } },
    ],
    ['https://github.com/org/repo/releases/tag/v1.0', { provider: 'gh', ref: 'refs/tags/v1.0' }],
    ['https://gitlab.com/g/p/-/tree/v1', { provider: 'gl', name: 'g%2Fp', page: { kind: 'tree', refAndPath: 'v1' } }],
    ['https://git.example.org/g/p/-/tags/v1', { provider: 'git', ref: 'refs/tags/v1' }],
  ])('leads to the version that it was made from: %s', async (identifier, expected) => {
    expect(await ofRecord(made(identifier))).toMatchObject({ ...expected, doi: '10.5281/zenodo.1' });
  });

  test('names it among others, and no other counts', async () => {
    const record = related(
      null,
      'x',
      { relation: 'isSupplementTo' },
      { identifier: 'https://github.com/them/cited/tree/v9', relation: 'cites' },
      { identifier: 'https://arxiv.org/abs/1234.5678', relation: 'isSupplementTo' },
      { identifier: 'https://github.com/org/moving', relation: 'isSupplementTo' },
      { identifier: 'https://github.com/org/repo/tree/v2', relation: 'isDerivedFrom' },
    );
    expect(await ofRecord(record)).toMatchObject({ name: 'org/repo', page: { refAndPath: 'v2' } });
  });

  test('opens what was asked for, never what it says itself', async () => {
    const record = made('https://hub.example/v2/gh/org/repo/v1?urlpath=%2F%2Fevil.example');
    expect(await ofRecord(record)).not.toHaveProperty('urlpath');
    const asked = await locate('zenodo/10.5281/zenodo.1?urlpath=lab', sites({ [`${API}1`]: record }));
    expect(asked).toMatchObject({ name: 'org/repo', urlpath: 'lab' });
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a number', 7],
    ['a list', []],
    ['metadata that is none', { metadata: 'x' }],
    ['related identifiers that are none', { metadata: { related_identifiers: { length: 1, 0: 'x' } } }],
    ['an inherited field', Object.create(made('https://github.com/org/repo/tree/v1'))],
    ['an identifier that is no text', made({ toString: 'x' })],
    ['a relation that is no text', made('https://github.com/org/repo/tree/v1', ['isSupplementTo'])],
    ['a spec instead of an address', made('gh/org/repo/v1')],
    ['a folder', made('/etc')],
    ['a file', made('file:///etc/passwd')],
    ['another transport', made('ext::sh -c id')],
    ['a password', made('https://me:hunter2@github.com/org/repo/tree/v1')],
    ['an option as ref', made('https://github.com/org/repo/commit/--upload-pack=id')],
    ['control characters', made('https://github.com/org/repo/tree/v1\u202e')],
    ['another DOI', made('https://doi.org/10.5281/zenodo.2')],
    ['some page', made('https://example.org/a/b')],
    ['far too long an address', made(`https://github.com/org/repo/tree/${'x'.repeat(5000)}`)],
  ])('is refused with %s', async (_, record) => {
    await expect(ofRecord(record)).rejects.toMatchObject({
      code: 'doi_without_repo',
      message: "Zenodo's record 1 names no git repository that it was made from.",
      hint: expect.stringContaining('address of the git repository'),
    });
  });

  test('that names no version is none of what moves on', async () => {
    await expect(ofRecord(made('https://github.com/org/repo'))).rejects.toMatchObject({
      code: 'doi_without_repo',
      message: "Zenodo's record 1 names https://github.com/org/repo, but no version of it.",
    });
  });

  test('that stands for all versions leads to the newest', async () => {
    const from = sites(
      { [`${API}2`]: made('https://github.com/org/repo/tree/v2') },
      { 'https://zenodo.org/records/1': '/records/2' },
    );
    expect(await locate('10.5281/zenodo.1', from)).toMatchObject({ name: 'org/repo', doi: '10.5281/zenodo.1' });
    expect(from.asked).toEqual([`${API}1`, 'https://zenodo.org/records/1', `${API}2`]);
  });

  test.each(['/records/1', '/records/1/latest', 'https://evil.example/records/2', '/'])(
    'that is not there and leads to %s is not found',
    async (location) => {
      const from = sites({}, { 'https://zenodo.org/records/1': location });
      await expect(locate('10.5281/zenodo.1', from)).rejects.toMatchObject({ code: 'repo_not_found' });
    },
  );
});

describe('another DOI', () => {
  const leads = (location: string) => sites({}, { 'https://doi.org/10.1234/x': location });

  test.each([
    ['https://github.com/org/repo', { provider: 'gh', name: 'org/repo' }],
    ['https://git.example.org/g/p.git', { provider: 'git', cloneUrl: 'https://git.example.org/g/p.git' }],
  ])('that leads to %s is that', async (location, expected) => {
    const found = await locate('10.1234/x', leads(location));
    expect(found).toMatchObject({ ...expected, doi: '10.1234/x' });
  });

  test('may lead to a record, by way of mirrors too', async () => {
    const mirrors = { SLIPWAY_MIRROR_DOI: 'http://127.0.0.1:1/doi/', SLIPWAY_MIRROR_ZENODO: 'http://127.0.0.1:1/zen' };
    const from = sites(
      { 'http://127.0.0.1:1/zen/api/records/2': made('https://github.com/org/repo/tree/v2') },
      {
        'http://127.0.0.1:1/doi/10.1234/x': '/doi/10.1234/y',
        'http://127.0.0.1:1/doi/10.1234/y': '/zen/records/2',
      },
    );
    expect(await locate('10.1234/x', from, mirrors)).toMatchObject({ name: 'org/repo', doi: '10.1234/x' });
  });

  test.each([
    ['https://journal.example/article/1', 'leads to journal.example, which'],
    ['http://169.254.169.254/latest/meta-data', 'leads to 169.254.169.254, which'],
    ['file:///etc/passwd', 'leads to no page'],
    ['https://me:hunter2@github.com/org/repo', 'leads to github.com, which'],
    ['', 'leads to no page'],
  ])('that leads to %s is refused, and nobody is asked there', async (location, words) => {
    const from = leads(location);
    const error: unknown = await locate('10.1234/x', from).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'doi_without_repo', message: expect.stringContaining(words) });
    expect(`${(error as Error).message}`).not.toContain('hunter2');
    expect(from.asked).toEqual(['https://doi.org/10.1234/x']);
  });

  test('that is not there is not found', async () => {
    await expect(locate('10.1234/x', sites({}))).rejects.toMatchObject({ code: 'repo_not_found' });
  });

  test('that leads round and round comes to an end', async () => {
    const from = sites(
      {},
      {
        'https://doi.org/10.1234/x': '/10.1234/y',
        'https://doi.org/10.1234/y': '/10.1234/x',
      },
    );
    await expect(locate('10.1234/x', from)).rejects.toMatchObject({ code: 'doi_without_repo' });
    expect(from.asked).toHaveLength(5);
  });
});

test('a session is told what was asked for, and which commit that led to', async () => {
  const spec = await ofRecord(made('https://github.com/org/repo/tree/v1.0'));
  const commit = 'a'.repeat(40);
  expect(binderVariables({ spec, ref: 'v1.0', commit }, 'me', loadConfig({}))).toMatchObject({
    BINDER_REPO_URL: 'https://github.com/org/repo',
    BINDER_REF_URL: `https://github.com/org/repo/tree/${commit}`,
    BINDER_REQUEST: 'v2/zenodo/10.5281/zenodo.1',
    BINDER_PERSISTENT_REQUEST: `v2/gh/org/repo/${commit}`,
  });
});
