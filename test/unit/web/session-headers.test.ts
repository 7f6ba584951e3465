import { describe, expect, it } from 'vitest';
import { requestHeaders, responseHeaders } from '../../../src/web/session-headers.ts';

describe('what a session tells a browser', () => {
  it('keeps a token in the address of its page from other sites', () => {
    const policy = (headers: Record<string, string>) => responseHeaders(headers, '/user/a-1/')['referrer-policy'];
    expect(policy({})).toBe('strict-origin-when-cross-origin');
    expect(policy({ 'referrer-policy': 'no-referrer' })).toBe('no-referrer');
    for (const loose of [
      'unsafe-url',
      'no-referrer-when-downgrade',
      'origin, Unsafe-URL',
      ' unsafe-url ',
      'nonsense',
      '',
    ])
      expect(policy({ 'referrer-policy': loose }), loose).toBe('strict-origin-when-cross-origin');
  });

  it('is nothing that speaks for the whole origin', () => {
    const told = { 'content-type': 'text/html', 'set-cookie': ['a=b', 'c=d; Domain=x', 'e=f; Path=/'] };
    const beyond = { 'service-worker-allowed': '/', 'clear-site-data': '"*"', refresh: '0; url=//evil', nel: '{}' };
    expect(responseHeaders({ ...told, ...beyond }, '/user/a-1/')).toEqual({
      'content-type': 'text/html',
      'set-cookie': ['a=b; Path=/user/a-1/'],
      'referrer-policy': 'strict-origin-when-cross-origin',
    });
  });
});

it('a session is not told who its reader is', () => {
  const asked = { host: 'x', 'x-forwarded-for': '192.0.2.7', 'x-real-ip': '192.0.2.7', forwarded: 'for=x', via: 'y' };
  expect(requestHeaders(asked, 'https')).toEqual({ host: 'x', 'x-forwarded-proto': 'https' });
});
