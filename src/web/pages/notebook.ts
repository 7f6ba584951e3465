/** A notebook as HTML to read: its cells and the outputs that are stored in it. */
import Handlebars from 'handlebars';
import { highlight } from './highlight.ts';
import { type Attachments, markdown } from './markdown.ts';
import { outputHtml, textOf } from './outputs.ts';

type Json = Record<string, unknown>;

const escapeHtml = Handlebars.escapeExpression;
const MOST_CELLS = 400;
const MOST_OUTPUTS = 30;
const LONGEST_SOURCE = 50_000;
/** Milliseconds; a notebook that takes longer is made to take longer. */
const TIME = 400;
const REST = '<p class="note">The rest is in the session.</p>';

function objects(value: unknown): Json[] {
  const isObject = (one: unknown): one is Json => typeof one === 'object' && one !== null && !Array.isArray(one);
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Cells of nbformat 4, or of 3, where they stood in worksheets. */
function cellsOf(notebook: Json): Json[] {
  return Array.isArray(notebook.cells)
    ? objects(notebook.cells)
    : objects(notebook.worksheets).flatMap((sheet) => objects(sheet.cells));
}

function attachmentsOf(cell: Json): Attachments {
  const found: Record<string, string> = {};
  for (const [name, byType] of Object.entries((cell.attachments ?? {}) as Json))
    for (const [type, data] of Object.entries((byType ?? {}) as Json))
      found[name] = `data:${type};base64,${textOf(data)}`;
  return found;
}

function codeCell(cell: Json): string {
  const source = textOf(cell.source ?? cell.input).slice(0, LONGEST_SOURCE);
  const number = cell.execution_count ?? cell.prompt_number;
  const prompt = typeof number === 'number' ? `In [${number}]` : '';
  const outputs = objects(cell.outputs)
    .slice(0, MOST_OUTPUTS)
    .map(outputHtml)
    .filter((html) => html !== '');
  const code = source.trim() === '' ? '' : `<pre class="source" tabindex="0"><code>${highlight(source)}</code></pre>`;
  if (code === '' && outputs.length === 0) return '';
  const shown = outputs.length > 0 ? `<div class="outputs">${outputs.join('')}</div>` : '';
  return `<section class="cell code"><span class="prompt">${prompt}</span><div>${code}${shown}</div></section>`;
}

function cellHtml(cell: Json): string {
  const source = textOf(cell.source).slice(0, LONGEST_SOURCE);
  switch (cell.cell_type) {
    case 'code':
      return codeCell(cell);
    case 'markdown':
      return `<section class="cell text">${markdown(source, attachmentsOf(cell))}</section>`;
    case 'heading':
      return `<section class="cell text">${markdown(`${'#'.repeat(Number(cell.level) || 1)} ${source}`)}</section>`;
    default:
      return source === '' ? '' : `<section class="cell text"><pre tabindex="0">${escapeHtml(source)}</pre></section>`;
  }
}

/** The body of a page for the text of an `.ipynb`; what is not one becomes a note. */
export function notebookHtml(text: string): string {
  let notebook: unknown;
  try {
    notebook = JSON.parse(text);
  } catch {
    return '<p class="note">This notebook cannot be read: it is not JSON.</p>';
  }
  const [whole] = objects([notebook]);
  const cells = whole ? cellsOf(whole) : [];
  if (cells.length === 0) return '<p class="note">This notebook has no cells.</p>';
  const end = performance.now() + TIME;
  const html: string[] = [];
  for (const cell of cells.slice(0, MOST_CELLS)) {
    if (performance.now() > end) return html.join('\n') + REST;
    html.push(cellHtml(cell));
  }
  return html.join('\n') + (cells.length > MOST_CELLS ? REST : '');
}
