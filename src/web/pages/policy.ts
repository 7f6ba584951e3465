/** What a browser may load and run on our pages: our own files, and the one style sheet that stands in the page. */
import type { Site } from './views.ts';

/** Directives of a page's Content-Security-Policy, as helmet takes them. */
export function pagePolicy(site: Site): Record<string, string[]> {
  return {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'", site.styleHash],
    'img-src': ["'self'"],
    'connect-src': ["'self'"],
    'frame-src': ["'self'"],
    'form-action': ["'self'"],
    'base-uri': ["'none'"],
    'frame-ancestors': ["'none'"],
  };
}
