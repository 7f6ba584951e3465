import { describe, expect, test } from 'vitest';
import { elsewhere } from '../../../buildpacks/conda/debian.ts';
import { readCondaEnvironment } from '../../../buildpacks/conda/environment.ts';
import { onPypi } from '../../../buildpacks/conda/names.ts';
import { counterparts } from '../../../buildpacks/conda/pypi.ts';
import { memoryCheckout } from '../../support/checkout.ts';

async function found(dependencies: string[], more = '') {
  const text = `dependencies:\n${dependencies.map((line) => `- ${line}\n`).join('')}${more}`;
  const checkout = memoryCheckout({ 'environment.yml': text });
  const environment = await readCondaEnvironment(checkout, { path: '', isBinder: false }, 'linux/amd64');
  if (environment === undefined) throw new Error('nothing found');
  return counterparts(environment);
}
const lines = async (...dependencies: string[]) => (await found(dependencies)).requirements.requirements;
const codes = ({ notices }: { notices: { code: string }[] }) => notices.map(({ code }) => code);

describe('a conda environment from PyPI', () => {
  test.each([
    ['numpy', 'numpy'],
    ['numpy=1.15', 'numpy==1.15.*'],
    ['numpy=1.15.4', 'numpy==1.15.4.*'],
    ['numpy==1.15.4', 'numpy==1.15.4'],
    ['numpy=1.15.4=py37h1d66e8a_0', 'numpy==1.15.4'],
    ['numpy>=1.15,<2', 'numpy>=1.15,<2'],
    ['numpy!=1.15.*', 'numpy!=1.15.*'],
    ['conda-forge::numpy~=1.15', 'numpy~=1.15'],
    ['pytorch::pytorch=1.7', 'torch==1.7.*'],
    ['pytables', 'tables'],
    ['opencv==3.4.2', 'opencv-python-headless==3.4.2.*'],
    ['py-xgboost', 'xgboost'],
    ['matplotlib-base=3.5', 'matplotlib==3.5.*'],
    ['jupyter_client', 'jupyter-client'],
    ['ruamel_yaml', 'ruamel.yaml'],
    ['tensorflow-gpu=2.3', 'tensorflow==2.3.*'],
    ['dask=2021.9', 'dask[complete]==2021.9.*'],
  ])('%s → %s', async (dependency, line) => {
    expect(await lines(dependency)).toEqual([line]);
  });

  test('its Python: a series is explicit, a patch release its series, bounds are bounds', async () => {
    const wish = async (python: string) => (await found([python])).wish;
    expect(await wish('python=3.7')).toMatchObject({ version: { value: '3.7', file: 'environment.yml' } });
    expect(await wish('python=3.9.7=h12debd9_1')).toMatchObject({ version: { value: '3.9' } });
    expect(codes(await found(['python=3.9.7']))).toContain('python-patch');
    expect(await wish('python>=3.6,<3.9')).toMatchObject({ requires: { value: '>=3.6,<3.9' } });
    expect(await wish('python=2')).toMatchObject({ version: { value: '2.7' } });
    expect(await wish('python=3')).toMatchObject({ requires: { value: '==3.*' } });
    expect(await wish('python')).toEqual({ pins: [] });
  });

  test('exact versions decide the Python where nothing else does', async () => {
    const { wish } = await found(['numpy==1.15.4', 'pandas=0.23', 'scipy=1.1.0', 'pip', 'pip:\n  - rich==13.0']);
    expect(wish.pins).toEqual([
      { name: 'numpy', version: '1.15.4', file: 'environment.yml' },
      { name: 'scipy', version: '1.1.0', file: 'environment.yml' },
      { name: 'rich', version: '13.0', file: 'environment.yml' },
    ]);
  });

  test('programs and libraries come from Debian, and it is said', async () => {
    const result = await found(['ffmpeg=4.2', 'python-graphviz', 'libgdal', 'gcc_linux-64', 'nodejs', 'rasterio']);
    expect(result.debian).toEqual(['build-essential', 'ffmpeg', 'graphviz', 'libgdal-dev', 'nodejs', 'npm']);
    expect(result.requirements.requirements).toEqual(['graphviz', 'rasterio']);
    expect(codes(result)).toEqual(['conda-from-pypi', 'conda-from-debian']);
    expect(result.notices[1]?.message).toContain('ffmpeg, libgdal, gcc_linux-64, nodejs');
  });

  test('what an export has of libraries and of conda itself is left out, and it is said', async () => {
    const result = await found([
      '_libgcc_mutex=0.1=main',
      'libgdal=3.0.2=h27ab9cc_0',
      'libanything=1.0=0',
      'mkl=2020.2=256',
      'openssl=1.1.1k=0',
      'ncurses=6.2=0',
      'x264=1!157.20191217=h7b6447c_0',
      'numpy=1.19.2=py38h54aff64_0',
    ]);
    expect(result.debian).toEqual([]);
    expect(result.requirements.requirements).toEqual(['numpy==1.19.2']);
    expect(result.notices[1]).toMatchObject({
      code: 'not-needed',
      message: expect.stringContaining('libanything, mkl'),
    });
  });

  test('pip has the last word, and it is said', async () => {
    const result = await found(['numpy=1.15', 'pandas', 'pip:\n  - numpy==1.16.2']);
    expect(result.requirements.requirements).toEqual(['pandas', 'numpy==1.16.2']);
    expect(codes(result)).toContain('pip-instead');
  });

  test('versions that mean nothing on PyPI become any, and it is said', async () => {
    const result = await found(['pyqt=5.9', 'pytz==2021a1b', 'numpy=1.15|=1.17']);
    expect(result.requirements.requirements).toEqual(['PyQt5', 'pytz', 'numpy==1.17.*']);
    expect(codes(result).filter((code) => code === 'version-lost')).toHaveLength(3);
    expect(result.debian).toEqual(['libgl1', 'libglib2.0-0']);
  });

  test('what has no counterpart fails, with name, file and line', async () => {
    await expect(found(['numpy', 'r-base=3.6', 'gdal', 'some-niche-tool'])).rejects.toMatchObject({
      code: 'needs_channel',
      message:
        'Without a conda channel nothing is known that stands for r-base (environment.yml, line 3), gdal (environment.yml, line 4), some-niche-tool (environment.yml, line 5).',
    });
  });

  test('a lock has the versions; what its manifest does not name may go', async () => {
    const names = { numpy: '1.25.0', python: '3.11.4', tidetable: '1.0', libtide: '2.0' };
    const packages = Object.entries(names).map(
      ([name, version]) =>
        `- {name: ${name}, version: ${version}, manager: conda, platform: linux-64, url: 'https://example.org/c/linux-64/${name}-${version}-0.conda'}\n`,
    );
    const lock = `version: 1\nmetadata: {sources: [environment.yml]}\npackage:\n${packages.join('')}`;
    const from = async (files: Record<string, string>) => {
      const checkout = memoryCheckout({ 'conda-lock.yml': lock, ...files });
      const environment = await readCondaEnvironment(checkout, { path: '', isBinder: false }, 'linux/amd64');
      return counterparts(
        environment ?? { files: [], channels: [], specs: [], variables: {}, evidence: [], notices: [] },
      );
    };
    const { requirements, wish, notices } = await from({ 'environment.yml': 'dependencies: [python, numpy]' });
    expect(requirements.requirements).toEqual(['numpy==1.25.0']);
    expect(wish.version).toEqual({ value: '3.11', file: 'environment.yml' });
    expect(notices.find(({ code }) => code === 'not-needed')?.message).toContain('tidetable, libtide');
    await expect(from({})).rejects.toMatchObject({
      code: 'needs_channel',
      message: expect.stringContaining('tidetable'),
    });
    await expect(from({ 'environment.yml': 'dependencies: [tidetable]' })).rejects.toMatchObject({
      code: 'needs_channel',
    });
  });

  test('a name that is merely the same is not trusted', () => {
    for (const name of [
      'graphviz',
      'redis',
      'zstd',
      'h3',
      'lmdb',
      'julia',
      'kubernetes',
      'eccodes',
      'pytorch-lightning-x',
      '__proto__',
      'constructor',
    ])
      expect(onPypi(name), name).toBeUndefined();
    expect(elsewhere('constructor', true)).toBeUndefined();
    expect(elsewhere('libfoo', false)).toBeUndefined();
  });
});
