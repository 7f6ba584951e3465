import { describe, expect, it } from 'vitest';
import { openedFrom, pageOutside, resolveUrlpath, sessionLink } from '../../../src/launch/urlpath.ts';

import type { Resolved } from '../../../src/types.ts';

const base = 'http://127.0.0.1:4000/';
const nested = 'https://hub.example.org/user/x/';

describe('a path inside the session', () => {
  it.each([
    [base, '', base],
    [base, 'lab/tree/a b.ipynb', `${base}lab/tree/a%20b.ipynb`],
    [base, '/lab', `${base}lab`],
    [base, '//evil.example/x', `${base}evil.example/x`],
    [base, '\\\\evil.example', `${base}evil.example`],
    [base, '/doc/tree//notebooks/a.ipynb', `${base}doc/tree//notebooks/a.ipynb`],
    [
      base,
      'git-pull?repo=https%3A%2F%2Fx&urlpath=lab%2Ftree',
      `${base}git-pull?repo=https%3A%2F%2Fx&urlpath=lab%2Ftree`,
    ],
    [base, 'lab#frag', `${base}lab#frag`],
    [nested, '/lab', `${nested}lab`],
    [nested, 'a/../lab', `${nested}lab`],
  ])('%s + %s', (home, urlpath, expected) => {
    expect(resolveUrlpath(home, urlpath).href).toBe(expected);
  });

  it.each([
    [base, 'https://evil.example/'],
    [base, 'javascript:alert(1)'],
    [base, 'data:text/html,x'],
    [base, 'http://user@127.0.0.1:4000/lab'],
    [base, 'http://127.0.0.1:4001/'],
    [base, 'lab\n/x'],
    [base, '/\t/evil.example'],
    [base, 'lab\u202e'],
    [nested, '../y/lab'],
    [nested, '%2e%2e/y/lab'],
    [nested, 'http:/user/y/'],
  ])('%s refuses %s', (home, urlpath) => {
    expect(() => resolveUrlpath(home, urlpath)).toThrow(expect.objectContaining({ code: 'bad_urlpath' }));
  });
});

describe('the link with the token', () => {
  it.each([
    [undefined, `${base}?token=t`],
    ['lab?reset=1#here', `${base}lab?reset=1&token=t#here`],
    ['lab?token=mine', `${base}lab?token=mine&token=t`],
  ])('%s', (urlpath, expected) => {
    expect(sessionLink(base, urlpath, 't')).toBe(expected);
  });
});

describe('a pasted page and a sub-folder', () => {
  const spec = { provider: 'gh' as const, name: 'o/r', cloneUrl: '', canonicalUrl: '' };
  const resolved: Resolved = { spec, ref: 'HEAD', commit: 'a'.repeat(40) };
  const opened = (urlpath: string, subdir: string, link?: string) => {
    const page = { ...resolved, urlpath, spec: { ...spec, ...(link && { urlpath: link }) } };
    return [openedFrom(page, subdir).urlpath, pageOutside(page, subdir)];
  };

  it.each([
    ['lab/tree/docs/a%20b.ipynb', '', 'lab/tree/docs/a%20b.ipynb'],
    ['lab/tree/docs/a%20b.ipynb', 'docs', 'lab/tree/a%20b.ipynb'],
    ['lab/tree/a%20b/c/d/x.ipynb', 'a b/c', 'lab/tree/d/x.ipynb'],
    ['lab/tree/docs', 'docs', undefined],
  ])('%s in "%s" is %s', (urlpath, subdir, found) => {
    expect(opened(urlpath, subdir)).toEqual([found, undefined]);
  });

  it.each([
    ['lab/tree/README.md', 'docs'],
    ['lab/tree/docs2/x.ipynb', 'docs'],
    ['lab/tree/docs', 'docs/deep'],
  ])('%s is outside of %s, and that is said', (urlpath, subdir) => {
    const [found, outside] = opened(urlpath, subdir);
    expect(found).toBeUndefined();
    expect(outside).toContain(`is not in the sub-folder ${subdir}`);
  });

  it('says nothing where there is no page, and leaves what a Binder link opens', () => {
    expect([openedFrom(resolved, 'docs'), pageOutside(resolved, 'docs')]).toEqual([resolved, undefined]);
    expect(opened('lab/tree/x.ipynb', 'docs', 'lab/tree/x.ipynb')).toEqual(['lab/tree/x.ipynb', undefined]);
  });
});
