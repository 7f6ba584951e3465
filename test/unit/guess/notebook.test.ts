import { expect, test } from 'vitest';
import { readNotebook } from '../../../buildpacks/guess/notebook.ts';

const PYTHON = { kernelspec: { name: 'python3', language: 'python' } };

function notebook(cells: unknown[], metadata: unknown = PYTHON): string {
  return JSON.stringify({ cells, metadata, nbformat: 4 });
}
const code = (source: unknown) => ({ cell_type: 'code', source });
const cellsOf = (text: string) => readNotebook(text)?.cells;

test('code cells, as lines or as one text', () => {
  const text = notebook([code(['import a\n', 'b']), { cell_type: 'markdown', source: 'import c' }, code('import d')]);
  expect(cellsOf(text)).toEqual(['import a\nb', 'import d']);
});

test('a notebook of 2013', () => {
  const cell = { cell_type: 'code', language: 'python', input: ['import a'] };
  const text = JSON.stringify({ metadata: { name: '' }, nbformat: 3, worksheets: [{ cells: [cell] }] });
  expect(cellsOf(text)).toEqual(['import a']);
});

test.each([
  [{ kernelspec: { name: 'ir', language: 'R' } }],
  [{ kernelspec: { name: 'julia-1.9' } }],
  [{ language_info: { name: 'bash' } }],
  [{ language: 'Julia', name: '' }],
  [{ language: 'R', kernelspec: {} }],
])('of another language: %j', (metadata) => {
  expect(readNotebook(notebook([code('import a')], metadata))).toBeUndefined();
});

test.each([
  [{}],
  [undefined],
  [{ language: 'python' }],
  [{ language: '' }],
  [{ kernelspec: { name: 'conda-env-x-py' } }],
  [{ language_info: { name: 'ipython' } }],
])('of Python: %j', (metadata) => {
  expect(cellsOf(notebook([code('import a')], metadata))).toEqual(['import a']);
});

test.each([
  ['%load_ext autoreload\n  %autoreload 2\nimport a', 'import autoreload\n  pass\nimport a'],
  ['try:\n    %matplotlib inline\nexcept: pass', 'try:\n    import matplotlib\nexcept: pass'],
  ['%matplotlib widget', 'import matplotlib, ipympl'],
  ['!ls\n?int\nint?\nnp.array??', 'pass\npass\npass\npass'],
  ['files = !ls *.csv\nt = %timeit -o f()', 'pass\npass'],
  ['x = 7 \\\n  % 3\ny = a != b', 'x = 7 \\\n  % 3\ny = a != b'],
  ['%%time\nimport a', 'import a'],
])('what only IPython understands: %j', (source, expected) => {
  expect(cellsOf(notebook([code(source)]))).toEqual([expected]);
});

test.each([['%%bash\nimport a'], ['\n%%R\nimport a'], ['%%writefile a.py\nimport a'], ['%%html\nimport a']])(
  'a cell of another language: %j',
  (source) => {
    expect(cellsOf(notebook([code(source)]))).toEqual([]);
  },
);

test('what it installs is a hint', () => {
  const source = `!pip install -q folium "tqdm>=4" -r more.txt
%pip install git+https://example.org/x.git pyproj[all]==3.0
!{sys.executable} -m pip install --upgrade emcee
!conda install -y -c conda-forge cartopy
!pip list`;
  expect(readNotebook(notebook([code(source)]))?.installs).toEqual(['folium', 'tqdm', 'pyproj', 'emcee', 'cartopy']);
});

test.each([
  ['{"cells": ['],
  [''],
  ['null'],
  ['[]'],
  ['{}'],
  ['{"cells": {}}'],
  ['"text"'],
  ['<html>'],
  ['version https://git-lfs'],
])('no notebook: %j', (text) => {
  expect(() => readNotebook(text)).toThrow(SyntaxError);
});

test('what is in the wrong place counts for nothing', () => {
  const text = `{"__proto__": {"cells": [{"cell_type": "code", "source": "import evil"}]}, "cells": [null, 1, [], {"cell_type": "code"},
    {"cell_type": "code", "source": [1, null, "import a"]}, {"__proto__": {"cell_type": "code"}, "source": "import b"}],
    "metadata": [7]}`;
  expect(cellsOf(text)).toEqual(['import a']);
  expect(({} as Record<string, unknown>).cells).toBeUndefined();
});

test('a file that a cell writes, and a line that only looks like one', () => {
  expect(readNotebook(notebook([code('%%writefile -a "my tool.py"\nx = 1')]))?.writes).toEqual(['my tool.py']);
  const began = process.cpuUsage();
  const blanks = Array.from({ length: 5 }, () => code(`%%file${' '.repeat(60_000)}!`));
  expect(readNotebook(notebook(blanks))?.writes).toEqual([]);
  expect(process.cpuUsage(began).user / 1000).toBeLessThan(3000);
});

test('nested ten thousand deep, ten thousand cells, a cell of a megabyte', () => {
  const deep = `{"cells": [{"cell_type": "code", "source": "import a", "metadata": ${'['.repeat(10_000)}${']'.repeat(10_000)}}]}`;
  expect(cellsOf(deep)).toEqual(['import a']);
  const many = notebook(Array.from({ length: 10_000 }, () => code('x')));
  expect(cellsOf(many)?.length).toBe(5000);
  expect(cellsOf(notebook([code('import a\n'.repeat(200_000)), code('import b')]))).toEqual(['import b']);
});
