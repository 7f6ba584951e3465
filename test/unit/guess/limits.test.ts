/** What planning does not look at, or not long: broken notebooks, garbage, thousands of files. */
import { expect, test } from 'vitest';
import { guessesOf, plan, said } from '../../support/guess-plan.ts';
import { notebook } from '../../support/notebook.ts';

test('what is no notebook, or more than one looks at, is told and fails nothing', async () => {
  const hostile = {
    'a.ipynb': '{"cells": [',
    'b.ipynb': '['.repeat(10_000),
    'c.ipynb': ' '.repeat(10 * 2 ** 20),
    'd.py': `import folium\n${'x = 1\n'.repeat(100_000)}`,
    'e.ipynb': notebook('import seaborn'),
    'f\u202e\n.ipynb': notebook('import nope'),
  };
  const found = await plan({ 'requirements.txt': '', ...hostile });
  expect(guessesOf(found)).toEqual(['seaborn']);
  expect(said(found, 'unread-notebook')).toHaveLength(3);
  expect(said(found, 'unknown-import')[0]).toContain('f\\u202e\\u000a.ipynb');
});

test('what is no Python takes a moment, is told, and hides little', async () => {
  const garbage = `import pandas\n${':'.repeat(60_000)}\nimport folium`;
  const book = (at: number) => notebook(...Array.from({ length: at }, () => garbage), 'import seaborn');
  const script = `import bokeh\n${'(:'.repeat(60_000)}\nimport emcee`;
  const one = await plan({ 'requirements.txt': 'pandas', 'a.ipynb': book(1), 'b.py': script });
  expect(guessesOf(one)).toEqual(['bokeh', 'seaborn']);
  const start = process.cpuUsage();
  const books = Array.from({ length: 100 }, (_, at) => [`n/${at}.ipynb`, book(8)]);
  const found = await plan({ 'requirements.txt': 'pandas', ...Object.fromEntries(books) });
  expect(process.cpuUsage(start).user / 1000).toBeLessThan(3000);
  expect(said(found, 'unread-notebook')[0]).toBe(
    'n/0.ipynb is only partly looked at for what it imports: much of its code is no Python.',
  );
  expect(said(one, 'unread-notebook')).toHaveLength(2);
  expect(said(found, 'not-all-scanned')).toEqual([
    'Only 1 of 100 notebooks and scripts were looked at for what they import.',
  ]);
});

test('a thousand notebooks and a hundred thousand files take a moment', async () => {
  const books = Array.from({ length: 1000 }, (_, at) => [`n/${at}.ipynb`, notebook(`import m${at}, numpy`)]);
  const data = Array.from({ length: 100_000 }, (_, at) => [`data/${at % 100}/${at}.csv`, '']);
  const files = { 'requirements.txt': '', ...Object.fromEntries([...books, ...data]) };
  const start = process.cpuUsage();
  const found = await plan(files);
  expect(process.cpuUsage(start).user / 1000).toBeLessThan(3000);
  expect(guessesOf(found)).toEqual(['numpy']);
  expect(said(found, 'not-all-scanned')).toEqual([
    'Only 300 of 1000 notebooks and scripts were looked at for what they import.',
  ]);
  expect(found.notices.length).toBeLessThan(10);
});

test('thirty thousand packages of one name take a moment, and packages are followed from one to the next', async () => {
  const many = Array.from({ length: 30_000 }, (_, at) => [`d${at}/mine/__init__.py`, '']);
  const chain = {
    'mine/__init__.py': 'import other',
    'other/__init__.py': 'import folium',
    'no/__init__.py': 'import emcee',
  };
  const files = { 'requirements.txt': '', ...chain, 'a.ipynb': notebook('import mine') };
  expect(guessesOf(await plan(files))).toEqual(['folium']);
  const start = process.cpuUsage();
  const found = await plan({ ...files, ...Object.fromEntries(many) });
  expect(process.cpuUsage(start).user / 1000).toBeLessThan(3000);
  // Those near the root first.
  expect(guessesOf(found)).toEqual(['folium']);
  expect(said(found, 'not-all-scanned')).toEqual([
    'Only 300 of 30003 notebooks and scripts were looked at for what they import.',
  ]);
});
