import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { SlipwayError } from '../../../src/errors.ts';
import type { IndexPage } from '../../../src/plan/index-client.ts';
import { createIndexClient } from '../../../src/plan/index-client.ts';
import { wheelsOf } from '../../../src/plan/index-page.ts';
import { bestPython } from '../../../src/plan/wheels.ts';
import { wheelFits } from '../../../src/wheel-tags.ts';

/** Excerpts of real pages. */
const NUMPY = `<!DOCTYPE html><html><body>
<a href="https://h/numpy-1.15.4-cp36-cp36m-manylinux1_x86_64.whl#sha256=0a" data-upload-time="2018-11-04T14:15:31Z">numpy-1.15.4-cp36-cp36m-manylinux1_x86_64.whl</a><br/>
<a href="https://h/numpy-1.15.4-cp37-cp37m-manylinux1_x86_64.whl#sha256=0b" data-upload-time="2018-11-04T14:16:41Z">numpy-1.15.4-cp37-cp37m-manylinux1_x86_64.whl</a><br/>
<a href="https://h/numpy-1.15.4-cp37-none-win_amd64.whl#sha256=0c" data-upload-time="2018-11-04T14:16:51Z">numpy-1.15.4-cp37-none-win_amd64.whl</a><br/>
<a href="https://h/numpy-1.15.4.zip#sha256=0d" data-upload-time="2018-11-04T14:17:12Z">numpy-1.15.4.zip</a><br/>
<a href="https://h/numpy-1.22.3-cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64.whl#sha256=0e" data-upload-time="2022-03-07T22:45:00Z" data-requires-python="&gt;=3.8">numpy-1.22.3-cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64.whl</a><br/>
</body></html>`;
const SKLEARN = JSON.stringify({
  meta: { 'api-version': '1.1' },
  name: 'scikit-learn',
  files: [
    {
      filename: 'scikit_learn-1.1.3-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
      'upload-time': '2022-10-26T15:46:59.000000Z',
      'requires-python': '>=3.8',
    },
    {
      filename: 'scikit_learn-1.1.3-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
      'upload-time': '2022-11-30T00:00:00Z',
      'requires-python': '>=3.8',
    },
    { filename: 'scikit-learn-1.1.3.tar.gz', 'upload-time': '2022-10-26T15:47:20Z', yanked: false },
  ],
});
const PURE = `<a href="/x/dash-2.0.0-py3-none-any.whl" data-requires-python="&gt;=3.10" data-upload-time="2021-08-01T00:00:00Z">dash-2.0.0-py3-none-any.whl</a>`;

const PAGES: Record<string, IndexPage> = {
  numpy: { status: 200, type: 'text/html', text: NUMPY },
  'scikit-learn': { status: 200, type: 'application/vnd.pypi.simple.v1+json', text: SKLEARN },
  dash: { status: 200, type: 'text/html', text: PURE },
};

let data: string;
let asked: string[];
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'wheels-'));
  asked = [];
});
afterEach(() => rm(data, { recursive: true }));

function deps() {
  const config = loadConfig({ SLIPWAY_DATA: data, SLIPWAY_PLATFORM: 'linux/amd64' });
  const fetchPage = async (url: string) => {
    const name = url.split('/').at(-2) ?? '';
    asked.push(name);
    return PAGES[name] ?? { status: 404, type: 'text/html', text: '' };
  };
  return { config, fetchPage };
}

const pin = (name: string, version: string) => ({ name, version, file: 'requirements.txt' });
const CANDIDATES = ['3.7', '3.8', '3.9', '3.10', '3.11'];

describe('bestPython', () => {
  it('takes the Python that most pins have a wheel for, and says so', async () => {
    const { python, notices } = await bestPython([pin('numpy', '1.15.4')], CANDIDATES, '3.9', '2022-05-10', deps());
    expect(python).toBe('3.7');
    expect(notices[0]?.message).toBe(
      'Python 3.7 instead of 3.9 of 2022-05-10: it has a wheel for 1 of 1 pinned packages, 3.9 for 0.',
    );
  });

  it("keeps the era's own Python where it has as many", async () => {
    const pins = [pin('numpy', '1.22.3'), pin('numpy', '1.15.4')];
    expect(await bestPython(pins, CANDIDATES, '3.9', '2022-05-10', deps())).toEqual({ python: '3.9', notices: [] });
  });

  it('does not see wheels that came later', async () => {
    const pins = [pin('scikit-learn', '1.1.3')];
    expect((await bestPython(pins, CANDIDATES, '3.11', '2022-11-01', deps())).python).toBe('3.10');
    expect((await bestPython(pins, CANDIDATES, '3.11', '2022-12-01', deps())).python).toBe('3.11');
  });

  it('gives no say to what never had a wheel, nor to what the index does not know', async () => {
    const pins = [pin('nothing', '1.0'), pin('numpy', '9.9')];
    expect((await bestPython(pins, CANDIDATES, '3.9', '2022-05-10', deps())).python).toBe('3.9');
  });

  it('heeds requires-python of a pure wheel', async () => {
    expect((await bestPython([pin('dash', '2')], CANDIDATES, '3.9', '2022-05-10', deps())).python).toBe('3.10');
  });

  it('asks the index once for a past day', async () => {
    for (let turn = 0; turn < 2; turn++)
      await bestPython([pin('numpy', '1.15.4')], CANDIDATES, '3.9', '2022-05-10', deps());
    expect(asked).toEqual(['numpy']);
  });

  it('fails rather than guess when the index does not answer', async () => {
    const config = loadConfig({ SLIPWAY_DATA: data, SLIPWAY_MIRROR_PYPI: 'http://127.0.0.1:9/simple' });
    const answer = createIndexClient(config)('http://127.0.0.1:9/simple/numpy/');
    await expect(answer).rejects.toThrow(SlipwayError);
    await expect(answer).rejects.toMatchObject({ code: 'index_unreachable' });
  });
});

describe('wheelsOf', () => {
  it('finds a version however it is spelt', () => {
    const text = ['x-1.0-py3-none-any.whl', 'x-1.0.1-py3-none-any.whl', 'x-1.0rc1-py3-none-any.whl', 'x-1.0.tar.gz']
      .map((name) => `<a href="/${name}">${name}</a>`)
      .join('');
    expect(wheelsOf({ status: 200, type: 'text/html', text }, '1.0.0').map(({ name }) => name)).toEqual([
      'x-1.0-py3-none-any.whl',
    ]);
  });
});

describe('wheelFits', () => {
  const target = { python: '3.9', architecture: 'x86_64', glibc: 31 };
  it.each([
    ['a-1-py2.py3-none-any.whl', true],
    ['a-1-py2-none-any.whl', false],
    ['a-1-py310-none-any.whl', false],
    ['a-1-cp39-cp39-manylinux1_x86_64.whl', true],
    ['a-1-cp39-cp39-manylinux_2_35_x86_64.whl', false],
    ['a-1-cp39-cp39-manylinux_2_35_x86_64.manylinux_2_28_x86_64.whl', true],
    ['a-1-cp39-cp39-manylinux2014_aarch64.whl', false],
    ['a-1-cp39-cp39-musllinux_1_1_x86_64.whl', false],
    ['a-1-cp36-abi3-manylinux2010_x86_64.whl', true],
    ['a-1-cp310-abi3-manylinux2010_x86_64.whl', false],
    ['a-1-cp313-cp313t-manylinux2014_x86_64.whl', false],
    ['a-1-cp38-cp38-manylinux1_x86_64.whl', false],
    ['a-1-py3-none-manylinux2014_x86_64.whl', true],
    ['a-1.tar.gz', false],
  ])('%s: %s', (file, expected) => expect(wheelFits(file, target)).toBe(expected));

  it.each([
    ['a-1-py2.py3-none-any.whl', true],
    ['a-1-py2-none-any.whl', true],
    ['a-1-py3-none-any.whl', false],
    ['a-1-py37-none-any.whl', false],
    ['a-1-cp27-cp27mu-manylinux1_x86_64.whl', true],
    ['a-1-cp27-cp27m-manylinux1_x86_64.whl', false],
    ['a-1-cp37-cp37m-manylinux1_x86_64.whl', false],
    ['a-1-cp26-cp26mu-manylinux1_x86_64.whl', false],
  ])('%s for 2.7: %s', (file, expected) => expect(wheelFits(file, { ...target, python: '2.7' })).toBe(expected));
});
