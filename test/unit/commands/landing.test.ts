import { expect, it } from 'vitest';
import { landingPath } from '../../../src/commands/landing.ts';

it.each([
  ['index.ipynb', 'lab/tree/index.ipynb'],
  ['/docs/my notes.md', 'lab/tree/docs/my%20notes.md'],
  ['a b/c#1.ipynb', 'a b/c#1.ipynb'],
  ['lab/tree/x.ipynb', 'lab/tree/x.ipynb'],
  ['tree/x.ipynb', 'tree/x.ipynb'],
  ['doc/tree/x.ipynb', 'doc/tree/x.ipynb'],
  ['notebooks/x.ipynb', 'notebooks/x.ipynb'],
  ['lab', 'lab'],
  ['rstudio/', 'rstudio/'],
  ['voila/render/x.ipynb?a=b', 'voila/render/x.ipynb?a=b'],
  ['git-pull?repo=https://x.git', 'git-pull?repo=https://x.git'],
  ['https://evil.example/x.ipynb', 'https://evil.example/x.ipynb'],
  ['//evil.example', 'lab/tree/evil.example'],
])('%s opens %s', (urlpath, expected) => {
  expect(landingPath(urlpath)).toBe(expected);
});
