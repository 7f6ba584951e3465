import { describe, expect, test } from 'vitest';
import { readCondaEnvironment } from '../../../buildpacks/conda/environment.ts';
import { memoryCheckout } from '../../support/checkout.ts';

const read = (files: Record<string, string>) =>
  readCondaEnvironment(memoryCheckout(files), { path: '', isBinder: false }, 'linux/amd64');

describe("features of pixi's default environment", () => {
  const GROUPS = `[project]
name = "Study"
dependencies = ["numpy"]
[project.optional-dependencies]
plot = ["matplotlib>=3"]
all = ["study[plot]", "rich"]
test = ["coverage"]
[dependency-groups]
test = ["Study[test, none]", "pytest", { include-group = "tools" }]
tools = ["ruff==0.5"]
absent = [{ include-group = "nothing" }]
round = [{ include-group = "Round" }]
[tool.pixi.workspace]
channels = ["conda-forge"]
[tool.pixi.feature.test.dependencies]
zlib = "*"
`;
  test.each([
    ['"plot"', ['matplotlib>=3', 'numpy'], []],
    ['"all"', ['matplotlib>=3', 'rich', 'numpy'], []],
    ['"tools"', ['ruff==0.5', 'numpy'], []],
    ['"test", "plot"', ['coverage', 'pytest', 'ruff==0.5', 'matplotlib>=3', 'numpy'], ['zlib']],
  ])("in pyproject.toml, with the project's own groups as features: %s", async (features, requirements, specs) => {
    const found = await read({ 'pyproject.toml': `${GROUPS}[tool.pixi.environments]\ndefault = [${features}]\n` });
    expect(found?.pip?.requirements.toSorted()).toEqual(requirements.toSorted());
    expect(found?.specs.map(({ name }) => name)).toEqual(specs);
  });

  test.each([
    ['"round"', 'dependency-groups.round includes itself'],
    ['"absent"', 'dependency-groups.nothing has to be a list'],
    ['"missing"', 'feature.missing is part of the default environment and missing'],
  ])('refused as a feature: %s', async (features, message) => {
    const text = `${GROUPS}[tool.pixi.environments]\ndefault = [${features}]\n`;
    await expect(read({ 'pyproject.toml': text })).rejects.toThrow(message);
  });

  test('features and channels that multiply are refused, or count once', async () => {
    const pixi = (features: string, channels: string) =>
      read({
        'pixi.toml': `[workspace]\nchannels = ["late"]\n[feature.x]\nchannels = [${channels}]\n[environments]\ndefault = [${features}]\n`,
      });
    expect((await pixi('"x", '.repeat(3000), '"late", "bioconda"'))?.channels).toEqual(['late', 'bioconda']);
    await expect(pixi('"x"', '"late", '.repeat(101))).rejects.toThrow('more than 100');
    const names = Array.from({ length: 1001 }, (_, at) => `"f${at}"`).join(', ');
    await expect(pixi(names, '"late"')).rejects.toThrow('more than 1000');
  });

  test.each([
    ['default = ["x"]', ['nvidia', 'bioconda', 'conda-forge', 'late']],
    ['default = ["plain", "x"]', ['nvidia', 'conda-forge', 'bioconda', 'late']],
    ['default = { features = ["x"], no-default-feature = true }', ['bioconda', 'late']],
    ['other = ["x"]', ['nvidia', 'conda-forge']],
  ])('channels of the features too, by their priority: %s', async (environments, channels) => {
    const found = await read({
      'pixi.toml': `[workspace]
channels = ["conda-forge", { channel = "nvidia", priority = 10 }]
[feature.x]
channels = [{ channel = "late", priority = -1 }, "bioconda"]
[feature.plain.dependencies]
zlib = "*"
[environments]
${environments}
`,
    });
    expect(found?.channels).toEqual(channels);
  });
});
