/** A file of a repository as a page to read: everything in it is a stranger's. */
import Handlebars from 'handlebars';
import type { DocumentView, Site } from './views.ts';

const escapeHtml = Handlebars.escapeExpression;
/** More text than this is left to the session. */
const LARGEST = 12 * 2 ** 20;

async function bodyOf({ path, text }: DocumentView): Promise<string> {
  if (text.length > LARGEST)
    return '<p class="note">This file is too large to be shown here; it is in the session.</p>';
  // Read only when something is shown: the sanitiser and its parser are large.
  const { markdown } = await import('./markdown.ts');
  if (/\.ipynb$/i.test(path)) return (await import('./notebook.ts')).notebookHtml(text);
  if (/\.(md|markdown|qmd|rmd)$/i.test(path)) return `<div class="text">${markdown(text)}</div>`;
  return `<pre>${escapeHtml(text)}</pre>`;
}

/** A whole page without scripts: a notebook (.ipynb), Markdown, or text. Served with documentPolicy. */
export async function renderDocument(site: Site, document: DocumentView): Promise<string> {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>${escapeHtml(document.path)}</title><style>${site.documentStyle}</style></head>
<body><main>${await bodyOf(document)}</main></body></html>
`;
}
