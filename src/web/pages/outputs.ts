/** Outputs of notebook cells as HTML that runs nothing and loads nothing. */
import { stripVTControlCharacters } from 'node:util';
import Handlebars from 'handlebars';
import sanitize from 'sanitize-html';
import { markdown } from './markdown.ts';

const escapeHtml = Handlebars.escapeExpression;
const LONGEST_TEXT = 20_000;
const LONGEST_HTML = 400_000;
const LARGEST_PICTURE = 4 * 2 ** 20;
/** What notebooks draw with, best first. */
const PICTURES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];
const BASE64 = /^[A-Za-z0-9+/=\s]+$/;
const UNSEEN = /[^\P{Cc}\n\t]|\p{Bidi_Control}|[\u2028\u2029]/gu;

const ALLOWED: sanitize.IOptions = {
  allowedTags:
    'a b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var'.split(
      ' ',
    ),
  allowedAttributes: {
    a: ['href', 'target', 'rel'],
    img: ['src', 'alt', 'width', 'height'],
    td: ['colspan', 'rowspan'],
    th: ['colspan', 'rowspan', 'scope'],
  },
  allowedSchemes: ['http', 'https', 'mailto'],
  allowedSchemesByTag: { img: ['data'] },
  allowProtocolRelative: false,
  transformTags: { a: sanitize.simpleTransform('a', { target: '_blank', rel: 'noopener noreferrer nofollow' }) },
  // A picture from elsewhere would tell who reads, and one of the repository is not here.
  exclusiveFilter: ({ tag, attribs }) =>
    tag === 'img' && !/^data:image\/(?:png|jpe?g|gif|webp);base64,/.test(attribs.src ?? ''),
  nestingLimit: 60,
  parseStyleAttributes: false,
};

type Json = Record<string, unknown>;

/** Text of nbformat: a string, or its lines. */
export function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.filter((part) => typeof part === 'string').join('');
  return typeof value === 'string' ? value : '';
}

/** What a terminal would obey is taken out; a bar that was redrawn by `\r` keeps its last state. */
export function plainOutput(text: string): string {
  const lines = stripVTControlCharacters(text.slice(0, 4 * LONGEST_TEXT))
    .split('\n')
    .map((line) => {
      const whole = line.replace(/\r+$/, '');
      return whole.slice(whole.lastIndexOf('\r') + 1).replace(UNSEEN, '');
    });
  const plain = lines.join('\n').trimEnd();
  return plain.length > LONGEST_TEXT ? `${plain.slice(0, LONGEST_TEXT)}\n… the rest is in the session` : plain;
}

function pre(text: string, kind: string): string {
  const plain = plainOutput(text);
  return plain === '' ? '' : `<pre class="${kind}" tabindex="0">${escapeHtml(plain)}</pre>`;
}

function picture(data: Json): string | undefined {
  for (const type of PICTURES) {
    const bytes = textOf(data[type]).trim();
    if (bytes === '' || bytes.length > LARGEST_PICTURE || !BASE64.test(bytes)) continue;
    return `<img src="data:${type};base64,${bytes.replace(/\s/g, '')}" alt="${escapeHtml(pictureName(data))}">`;
  }
  const svg = textOf(data['image/svg+xml']);
  if (svg === '' || svg.length > LARGEST_PICTURE) return undefined;
  // As the source of a picture an SVG runs no script and loads nothing, whatever is in it.
  const bytes = Buffer.from(svg).toString('base64');
  return `<img src="data:image/svg+xml;base64,${bytes}" alt="${escapeHtml(pictureName(data))}">`;
}

function pictureName(data: Json): string {
  const text = plainOutput(textOf(data['text/plain'])).slice(0, 200);
  return text.startsWith('<') || text === '' ? 'Figure' : text;
}

function display(data: Json): string {
  if (Object.keys(data).some((type) => type.startsWith('application/vnd.jupyter.widget')))
    return '<p class="note">An interactive widget: it works in the session.</p>';
  const drawn = picture(data);
  if (drawn) return drawn;
  const html = textOf(data['text/html']);
  if (html !== '' && html.length <= LONGEST_HTML) {
    const clean = sanitize(html, ALLOWED).trim();
    if (clean !== '') return `<div class="html" tabindex="0">${clean}</div>`;
  }
  const text = textOf(data['text/markdown']);
  if (text !== '') return `<div class="text">${markdown(text)}</div>`;
  return pre(textOf(data['text/plain']) || textOf(data['text/latex']), 'result');
}

/** One output of a code cell; nbformat 3 says some of it in other words. */
export function outputHtml(output: Json): string {
  switch (output.output_type) {
    case 'stream':
      return pre(textOf(output.text), output.name === 'stderr' ? 'stderr' : 'stdout');
    case 'error':
    case 'pyerr':
      return pre(tracebackOf(output), 'error');
    case 'pyout':
    case 'display_data':
    case 'execute_result':
      return display(typeof output.data === 'object' && output.data !== null ? (output.data as Json) : byMime(output));
    default:
      return '';
  }
}

function tracebackOf({ traceback, ename, evalue }: Json): string {
  const lines = Array.isArray(traceback) ? traceback.filter((line) => typeof line === 'string') : [];
  return lines.length > 0 ? lines.join('\n') : `${textOf(ename)}: ${textOf(evalue)}`;
}

function byMime({ text, png, jpeg, html, svg, latex }: Json): Json {
  return {
    'text/plain': text,
    'image/png': png,
    'image/jpeg': jpeg,
    'text/html': html,
    'image/svg+xml': svg,
    'text/latex': latex,
  };
}
