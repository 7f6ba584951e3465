/** A file of a repository as a page to read: everything in it is a stranger's. */
import type { DocumentView } from './views.ts';

/**
 * Content-Security-Policy of a rendered document. Beside what the frame's own sandbox does, so that its address opened
 * alone is harmless too.
 */
export const DOCUMENT_POLICY = "default-src 'none'; img-src data:; sandbox";

/** A whole page without scripts: a notebook (.ipynb), Markdown, or text. */
export async function renderDocument(document: DocumentView): Promise<string> {
  return document.path;
}
