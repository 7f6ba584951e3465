import { describe, expect, test } from 'vitest';
import { loosened, loosenedNotice, parseSpec } from '../../../buildpacks/conda/specs.ts';

const PLACE = { file: 'environment.yml', line: 4 };
const parse = (text: string) => {
  const { file, line, ...spec } = parseSpec(text, PLACE);
  return spec;
};

describe('what people write under dependencies', () => {
  test.each([
    ['numpy', { name: 'numpy' }],
    ['NumPy', { name: 'numpy' }],
    ['numpy=1.15', { name: 'numpy', version: '1.15.*' }],
    ['numpy = 1.15', { name: 'numpy', version: '1.15.*' }],
    ['numpy=1.15.*', { name: 'numpy', version: '1.15.*' }],
    ['numpy==1.15.*', { name: 'numpy', version: '1.15.*' }],
    ['numpy=1.15*', { name: 'numpy', version: '1.15.*' }],
    ['numpy==1.15.4', { name: 'numpy', version: '==1.15.4' }],
    ['numpy 1.15.4', { name: 'numpy', version: '==1.15.4' }],
    ['numpy 1.15.*', { name: 'numpy', version: '1.15.*' }],
    ['numpy=1.15.4=py37h1d66e8a_0', { name: 'numpy', version: '==1.15.4', build: 'py37h1d66e8a_0' }],
    ['numpy==1.15.4=py37h1d66e8a_0', { name: 'numpy', version: '==1.15.4', build: 'py37h1d66e8a_0' }],
    ['numpy 1.15.4 py37h1d66e8a_0', { name: 'numpy', version: '==1.15.4', build: 'py37h1d66e8a_0' }],
    ['tensorflow=2=gpu*', { name: 'tensorflow', version: '2.*', build: 'gpu*' }],
    ['python=3.8=*_cpython', { name: 'python', version: '3.8.*', build: '*_cpython' }],
    ['blas=*=openblas', { name: 'blas', build: 'openblas' }],
    ['numpy=*', { name: 'numpy' }],
    ['numpy *', { name: 'numpy' }],
    ['numpy>=1.15,<2', { name: 'numpy', version: '>=1.15,<2' }],
    ['numpy >= 1.15, < 2', { name: 'numpy', version: '>=1.15,<2' }],
    ['numpy >=1.15.*', { name: 'numpy', version: '>=1.15' }],
    ['numpy~=1.15', { name: 'numpy', version: '~=1.15' }],
    ['numpy!=1.15.*', { name: 'numpy', version: '!=1.15.*' }],
    ['numpy=1.15|=1.17', { name: 'numpy', version: '1.15.*|1.17.*' }],
    ['conda-forge::numpy', { name: 'numpy', channel: 'conda-forge' }],
    ['conda-forge::numpy=1.15', { name: 'numpy', version: '1.15.*', channel: 'conda-forge' }],
    ['conda-forge/label/cf201901::gdal', { name: 'gdal', channel: 'conda-forge/label/cf201901' }],
    ['conda-forge/linux-64::numpy==1.2=0', { name: 'numpy', version: '==1.2', build: '0', channel: 'conda-forge' }],
    ['https://example.org/mine::tool', { name: 'tool', channel: 'https://example.org/mine' }],
    ["numpy[version='>=1.15,<2']", { name: 'numpy', version: '>=1.15,<2' }],
    ['numpy[version=">=1", channel=conda-forge]', { name: 'numpy', version: '>=1', channel: 'conda-forge' }],
    ["numpy[version='1.15.4', build='py37_0']", { name: 'numpy', version: '==1.15.4', build: 'py37_0' }],
    ['  numpy=1.15   # the last one  ', { name: 'numpy', version: '1.15.*' }],
    ['_libgcc_mutex=0.1=main', { name: '_libgcc_mutex', version: '==0.1', build: 'main' }],
    ['openssl=1.1.1k', { name: 'openssl', version: '1.1.1k.*' }],
    ['jpeg==9e', { name: 'jpeg', version: '==9e' }],
    ['pkg==1!2.0+cu_11', { name: 'pkg', version: '==1!2.0+cu_11' }],
    ['x264=1!157.20191217=h7b6447c_0', { name: 'x264', version: '==1!157.20191217', build: 'h7b6447c_0' }],
    ['x264==1!157.20191217=h7b6447c_0', { name: 'x264', version: '==1!157.20191217', build: 'h7b6447c_0' }],
    ['x264 1!157.20191217 h7b6447c_0', { name: 'x264', version: '==1!157.20191217', build: 'h7b6447c_0' }],
    ['x264=1!157=h7*', { name: 'x264', version: '1!157.*', build: 'h7*' }],
    ['nodejs>=12,<13.0a0', { name: 'nodejs', version: '>=12,<13.0a0' }],
    ['r-base', { name: 'r-base' }],
    ['uvicorn[standard] >=0.12.0,<0.18.0', { name: 'uvicorn', version: '>=0.12.0,<0.18.0' }],
  ])('%j', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });
});

describe('what is refused, with file and line', () => {
  test.each([
    ['$(curl evil)'],
    ['numpy; rm -rf /'],
    ['numpy=1.15`id`'],
    ['numpy=1.15=py37$(id)'],
    ["numpy' --channel evil"],
    ['numpy=1.15=py37_0 more'],
    ['numpy 1 2 3'],
    ['numpy=>1.15'],
    ['numpy>=1.15\nRUN id'],
    ['-c evil'],
    ['=1.15'],
    ['numpy=='],
    ['numpy[url=https://example.org/x.conda]'],
    ['numpy[version=$(id)]'],
    ['numpy[[version=1]]'],
    ['numpy[]'],
    ['../numpy.conda'],
    ['https://example.org/linux-64/numpy-1.0-0.tar.bz2'],
    ['file:///etc::numpy'],
    ['con$da::numpy'],
    ['x'.repeat(600)],
    ['numpy=1.15\u202egnp'],
    ['x264=1!!157=0'],
    ['x264=!157=0'],
  ])('%j', (text) => {
    const refused = expect.objectContaining({
      code: 'bad_environment_file',
      message: expect.stringContaining('environment.yml, line 4'),
      hint: expect.any(String),
    });
    expect(() => parseSpec(text, PLACE)).toThrow(refused);
  });

  test.each([
    'https://user:hunter2@example.org/mine::tool',
    'https://example.org/t/hunter2/mine::tool',
    'https://user:hunter2@example.org/x-1.0-0.conda',
    'https://user:hunter2@example.org/x',
    '"https://user:hunter2@example.org',
  ])('a password is not repeated: %j', (text) => {
    let message = '';
    try {
      parseSpec(text, PLACE);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain('line 4');
    expect(message).not.toContain('hunter2');
  });

  test('in linear time', () => {
    const started = performance.now();
    for (const unit of ['=', ' ', '1.', '[', ' =', '::', '/', 'a=b,', '#', "'", '!', '_osx-', '*'])
      for (const text of [unit.repeat(500_000), `numpy${unit.repeat(500_000)}x`, `numpy[a=${unit.repeat(500_000)}`])
        expect(() => parseSpec(text, PLACE)).toThrow();
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('exact versions become compatible ones', () => {
  test.each([
    ['numpy=1.15.4=py37_0', '1.15.*'],
    ['numpy==1.15', '1.*'],
    ['wheel==0.37', '0.37.*'],
    ['openssl==1.1.1k', '1.1.*'],
    ['jpeg==9e', '>=9e'],
    ['tzdata==2021a', '>=2021a'],
    ['pkg==1!2.0.3', '>=1!2.0.3'],
    ['numpy>=1.15', '>=1.15'],
    ['numpy=1.15', '1.15.*'],
  ])('%s → %s', (text, version) => {
    const spec = parseSpec(text, PLACE);
    const loose = loosened(spec);
    expect(loose).toEqual({ name: spec.name, version, file: spec.file, line: spec.line });
    const notice = loosenedNotice(spec, loose);
    if (spec.version === version) expect(notice).toBeUndefined();
    else
      expect(notice).toMatchObject({
        code: 'version-loosened',
        file: 'environment.yml',
        message: expect.stringContaining(version),
      });
  });
});
