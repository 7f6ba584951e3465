/** What a browser may load and run: on pages our own files and the one style sheet that stands there, in documents nothing. */
import { createHash } from 'node:crypto';
import type { Site } from './views.ts';

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Directives of a page's Content-Security-Policy, as helmet takes them. Hashes a style sheet: ask once. */
export function pagePolicy(site: Site): Record<string, string[]> {
  return {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'", hashOf(site.style)],
    'img-src': ["'self'"],
    'connect-src': ["'self'"],
    'frame-src': ["'self'"],
    'form-action': ["'self'"],
    'base-uri': ["'none'"],
    'frame-ancestors': ["'none'"],
  };
}

/**
 * Content-Security-Policy of a rendered document, beside the sandbox of the frame that shows it: opened alone, its
 * address is as harmless. Hashes a style sheet: ask once.
 */
export function documentPolicy(site: Site): string {
  const sandbox = 'sandbox allow-popups allow-popups-to-escape-sandbox';
  return `default-src 'none'; img-src data:; style-src ${hashOf(site.documentStyle)}; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; ${sandbox}`;
}
