import { describe, expect, it } from 'vitest';
import { resolveUrlpath, sessionLink } from '../../../src/launch/urlpath.ts';

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
