import { describe, expect, it } from 'vitest';
import { stepFinder } from '../../../src/build/steps.ts';

const DOCKERFILE = `# a comment
FROM base:x AS system
# step: Installing apt packages
RUN --mount=type=bind,source=.slipway,target=/run/slipway . /run/slipway/env && \\
  # a comment inside
  apt-get install x
ENV A=b
FROM system AS resolve
USER jovyan
# step: Resolving
COPY a b
RUN resolve
FROM system
# step: Installing
COPY --from=resolve /lock /lock
RUN install
RUN more
`;

describe('stepFinder', () => {
  const finder = stepFinder(DOCKERFILE);

  it.each([
    ['[system 2/2] RUN --mount=x . /run/slipway/env && apt-get install x', 'Installing apt packages', 1],
    ['[resolve 1/2] COPY a b', 'Resolving', 2],
    ['[resolve 2/2] RUN resolve', 'Resolving', 2],
    ['[stage-2 1/3] COPY --from=resolve /lock /lock', 'Installing', 3],
    ['[stage-2 3/3] RUN more', 'Installing', 3],
  ])('%s', (vertex, title, number) => expect(finder.find(vertex)).toEqual({ title, number, total: 3 }));

  it('knows nothing of what no step stands above', () => {
    expect(finder.find('[system 1/2] FROM base:x')).toBeUndefined();
    expect(finder.find('exporting to image')).toBeUndefined();
  });

  it('finds an only stage with and without its name', () => {
    const one = stepFinder('FROM x\n# step: Only\nRUN a\n');
    expect(one.find('[2/2] RUN a')?.title).toBe('Only');
    expect(one.find('[stage-0 2/2] RUN a')?.title).toBe('Only');
    expect(one.label('[3/3] RUN --mount=type=bind,source=.slipway,target=/run/slipway . /run/slipway/env && foo')).toBe(
      'RUN foo',
    );
  });
});
