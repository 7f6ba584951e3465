import { describe, expect, test } from 'vitest';
import { readCondaEnvironment } from '../../../buildpacks/conda/environment.ts';
import { memoryCheckout } from '../../support/checkout.ts';

const ROOT = { path: '', isBinder: false };
const read = (files: Record<string, string>, platform = 'linux/amd64') =>
  readCondaEnvironment(memoryCheckout(files), ROOT, platform);
const CHANNEL = 'https://conda.example.org/conda-forge';
const SHA = '0123456789abcdef'.repeat(4);
const MD5 = '0123456789abcdef'.repeat(2);
const wheel = (name: string, version: string) =>
  `https://files.pythonhosted.org/packages/ab/cd/${name}-${version}-py3-none-any.whl`;

const MANIFEST = `[workspace]
name = "study"
channels = ["conda-forge", { channel = "bioconda", priority = 1 }]
platforms = ["linux-64", "osx-arm64"]

[dependencies]
python = "3.11.*"
numpy = { version = ">=1.20", channel = "conda-forge" }
"zlib" = "*"

[target.osx-arm64.dependencies]
appnope = "*"

[target.linux-64.dependencies]
zlib = "1.2.*"

[pypi-dependencies]
rich = "==13.0"
tool = { git = "https://example.org/team/tool.git", rev = "v1" }
mine = { path = ".", editable = true }
requests = { version = ">=2", extras = ["socks"] }

[feature.plots.dependencies]
matplotlib = "3.8.*"

[feature.dev.dependencies]
pytest = "*"

[environments]
default = ["plots"]
dev = ["plots", "dev"]

[activation.env]
MODE = "fast"

[tasks]
start = "jupyter lab"
`;

describe('pixi', () => {
  test('its default environment: features, our platform, packages of PyPI', async () => {
    const found = await read({ 'pixi.toml': MANIFEST, 'setup.cfg': '' });
    expect(found?.files).toEqual(['pixi.toml']);
    expect(found?.channels).toEqual(['bioconda', 'conda-forge']);
    expect(found?.specs).toEqual([
      { name: 'python', version: '3.11.*', file: 'pixi.toml', line: 7 },
      { name: 'numpy', version: '>=1.20', channel: 'conda-forge', file: 'pixi.toml', line: 8 },
      { name: 'zlib', version: '1.2.*', file: 'pixi.toml', line: 9 },
      { name: 'matplotlib', version: '3.8.*', file: 'pixi.toml', line: 24 },
    ]);
    expect(found?.pip?.requirements).toEqual([
      'rich==13.0',
      'tool @ git+https://example.org/team/tool.git@v1',
      'requests[socks]>=2',
    ]);
    expect(found?.pip?.local).toMatchObject([{ path: '', editable: true, file: 'pixi.toml' }]);
    expect(found?.variables).toEqual({ MODE: 'fast' });
  });

  test('in pyproject.toml, with its dependencies and Python', async () => {
    const found = await read({
      'pyproject.toml': `[project]
name = "study"
requires-python = ">=3.10"
dependencies = ["rich>=13"]
[tool.pixi.workspace]
channels = ["conda-forge"]
platforms = ["linux-64"]
[tool.pixi.dependencies]
numpy = "*"
`,
    });
    expect(found?.specs).toMatchObject([{ name: 'python', version: '>=3.10', line: 3 }, { name: 'numpy' }]);
    expect(found?.pip?.requirements).toEqual(['rich>=13']);
  });

  test('a version from PyPI without a sign is that version', async () => {
    const found = await read({
      'pixi.toml':
        '[pypi-dependencies]\nnumpy = "1.26.4"\nrequests = { version = "2.31", extras = ["socks"] }\nrich = "13.*"\nsix = ""\nattrs = " >=2"\n',
    });
    const expected = ['numpy==1.26.4', 'requests[socks]==2.31', 'rich==13.*', 'six', 'attrs>=2'];
    expect(found?.pip?.requirements).toEqual(expected);
  });

  const lines = (indent: string, ...entries: string[]) => entries.map((line) => `${indent}${line}\n`).join('');
  const URLS = ['python-3.11.9-h_0', 'numpy-1.26.4-py311_0', 'zlib-1.2.13-h_5', 'matplotlib-3.8.4-py311_0'].map(
    (name) => `${CHANNEL}/linux-64/${name}.conda`,
  );
  const PYPI = [
    { name: 'rich', version: '13.0', url: wheel('rich', '13.0') },
    { name: 'requests', version: '2.31.0', url: wheel('requests', '2.31.0') },
    { name: 'tool', version: '1.0', url: 'git+https://example.org/team/tool.git?rev=v1#0123456' },
  ];
  const environments = (platform: string) => `environments:
  default:
    channels:
    - url: ${CHANNEL}/
    packages:
      ${platform}:
${lines('      ', ...URLS.map((url) => `- conda: ${url}`), ...PYPI.map(({ url }) => `- pypi: ${url}`), '- pypi: ./')}`;
  const SIX = `version: 6
${environments('linux-64')}packages:
${URLS.map((url) => `- conda: ${url}\n  sha256: ${SHA}\n  md5: ${MD5}\n  depends:\n  - libthing\n`).join('')}${PYPI.map(({ name, version, url }) => `- pypi: ${url}\n  name: ${name}\n  version: '${version}'\n  sha256: ${SHA}\n`).join('')}- pypi: ./
  name: mine
  version: 0.1.0
  editable: true
`;
  const FOUR = `version: 4
${environments('linux-64')}packages:
${URLS.map((url) => `- kind: conda\n  name: x\n  version: 1\n  url: ${url}\n  sha256: ${SHA}\n`).join('')}${PYPI.map(({ name, version, url }) => `- kind: pypi\n  name: ${name}\n  version: '${version}'\n  url: ${url}\n  sha256: ${SHA}\n`).join('')}`;

  test.each([
    ['6', SIX],
    ['7', SIX.replace('version: 6', 'version: 7\nplatforms:\n- name: linux-64')],
    ['4', FOUR],
    ['5', FOUR.replace('version: 4', 'version: 5')],
  ])('pixi.lock of version %s wins over the manifest', async (_version, text) => {
    const found = await read({ 'pixi.toml': MANIFEST, 'pixi.lock': text });
    expect(found?.files).toEqual(['pixi.lock', 'pixi.toml']);
    expect(found?.locked?.map(({ name, version, build, sha256 }) => [name, version, build, sha256])).toEqual([
      ['python', '3.11.9', 'h_0', SHA],
      ['numpy', '1.26.4', 'py311_0', SHA],
      ['zlib', '1.2.13', 'h_5', SHA],
      ['matplotlib', '3.8.4', 'py311_0', SHA],
    ]);
    expect(found?.pip).toMatchObject({
      requirements: [
        `rich==13.0 --hash=sha256:${SHA}`,
        `requests==2.31.0 --hash=sha256:${SHA}`,
        'tool @ git+https://example.org/team/tool.git@0123456',
      ],
      local: [{ path: '', editable: true }],
    });
    expect(found?.variables).toEqual({ MODE: 'fast' });
  });

  test.each([
    ['no packages for us', SIX.replace('linux-64:', 'osx-64:'), 'linux/amd64', 'no packages for linux-64'],
    ['another machine', SIX, 'linux/arm64', 'no packages for linux-aarch64'],
    ['a manifest that went on', SIX.replaceAll('numpy', 'nompy'), 'linux/amd64', 'does not fit pixi.toml: numpy'],
    ['bounds that moved', SIX.replaceAll('numpy-1.26.4', 'numpy-1.19.5'), 'linux/amd64', 'pixi.toml: numpy 1.19.5'],
    ['a package of PyPI that it lacks', SIX.replaceAll('requests', 'requested'), 'linux/amd64', 'pixi.toml: requests'],
    ['another version from PyPI', SIX.replaceAll('13.0', '12.0'), 'linux/amd64', 'pixi.toml: rich 12.0'],
    ['a version of tomorrow', SIX.replace('version: 6', 'version: 8'), 'linux/amd64', 'it is of version "8"'],
    [
      'a package from its source',
      SIX.replace('- conda: ', '- conda_source: '),
      'linux/amd64',
      'neither from a channel',
    ],
  ])('%s: the manifest, and it is said', async (_title, text, platform, why) => {
    const found = await read({ 'pixi.toml': MANIFEST, 'pixi.lock': text }, platform);
    expect(found?.locked).toBeUndefined();
    expect(found?.notices).toContainEqual(
      expect.objectContaining({ code: 'ignored-file', file: 'pixi.lock', message: expect.stringContaining(why) }),
    );
  });

  test('a platform that it is not for, and unknown keys, are said', async () => {
    const found = await read({
      'pixi.toml': '[project]\nplatforms = ["win-64"]\n[future]\n[activation]\nscripts = ["a.sh"]\n',
    });
    expect(found?.notices.map(({ code }) => code)).toEqual(['unknown-key', 'ignored-key', 'other-platform']);
    expect(found?.channels).toEqual(['conda-forge']);
  });

  test('indexes beside the public one', async () => {
    const found = await read({
      'pixi.toml':
        '[pypi-dependencies]\ntorch = { version = "*", index = "https://example.org/cpu" }\n[pypi-options]\nextra-index-urls = ["https://example.org/more"]\n',
    });
    expect(found?.pip?.indexOptions).toEqual([
      ...['--extra-index-url', 'https://example.org/more'],
      ...['--extra-index-url', 'https://example.org/cpu'],
    ]);
    const secret = '[pypi-dependencies]\nx = "*"\n[pypi-options]\nindex-url = "https://u:hunter2@example.org"\n';
    await expect(read({ 'pixi.toml': secret })).rejects.toThrow(/pixi\.toml, line 3.*without a password/);
  });

  test('packages that pixi would build are left out, and it is said', async () => {
    const found = await read({ 'pixi.toml': '[dependencies]\nmine = { path = "." }\nnumpy = "*"\n' });
    expect(found?.specs.map(({ name }) => name)).toEqual(['numpy']);
    expect(found?.notices).toMatchObject([{ code: 'source-package', message: expect.stringContaining('mine') }]);
  });

  test('environment.yml comes first, and it is said', async () => {
    const found = await read({ 'environment.yml': 'dependencies: [numpy]', 'pixi.toml': '[[[' });
    expect(found?.notices).toMatchObject([{ code: 'ignored-file', file: 'pixi.toml' }]);
  });

  test.each([
    ['[dependencies', 'line 1, column'],
    ['dependencies = 1', 'dependencies has to be a table'],
    ['[dependencies]\nnumpy = 1', 'dependencies.numpy has to be a version'],
    ['[dependencies]\nnumpy = "$(id)"', 'line 2: "numpy $(id)" is no conda package'],
    ['[dependencies]\nnumpy = { version = "1\'] evil" }', 'is no conda package'],
    ['[dependencies]\n"numpy; id" = "*"', 'is no conda package'],
    ['[workspace]\nchannels = "conda-forge"', 'channels has to be a list'],
    ['[workspace]\nchannels = ["$(id)"]', 'is no channel'],
    ['[pypi-dependencies]\nx = 1', 'pypi-dependencies.x has to be a version'],
    ['[pypi-dependencies]\nx = "$(id)"', 'is not a requirement'],
    ['[pypi-dependencies]\n"--index-url https://x" = "*"', 'is no name of a package'],
    ['[activation.env]\n"A B" = "1"', 'cannot be a variable'],
    ['[environments]\ndefault = [1]', 'environments.default has to be a list of strings'],
    ['[feature.a]\ndependencies = []\n[environments]\ndefault = ["a"]', 'dependencies has to be a table'],
  ])('refused: %j', async (text, message) => {
    await expect(read({ 'pixi.toml': text })).rejects.toMatchObject({
      code: 'bad_environment_file',
      message: expect.stringMatching(/^pixi\.toml/),
    });
    await expect(read({ 'pixi.toml': text })).rejects.toThrow(message);
  });

  test('a path outside is refused', async () => {
    await expect(read({ 'pixi.toml': '[pypi-dependencies]\nx = { path = "../../x" }' })).rejects.toMatchObject({
      code: 'unsafe_file',
    });
  });

  test('many packages, in linear time', async () => {
    const lines = Array.from({ length: 40_000 }, (_, index) => `a${index.toString(36)}="*"\n`).join('');
    const started = performance.now();
    const found = await read({ 'pixi.toml': `[dependencies]\n${lines}` });
    expect(found?.specs.at(-1)?.line).toBe(40_001);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  test('names of Object are names', async () => {
    const found = await read({ 'pixi.toml': '[dependencies]\nconstructor = "*"\n' });
    expect(found?.specs.map(({ name }) => name)).toEqual(['constructor']);
    const missing = read({ 'pixi.toml': '[environments]\ndefault = ["toString"]\n' });
    await expect(missing).rejects.toMatchObject({ code: 'bad_environment_file' });
  });
});
