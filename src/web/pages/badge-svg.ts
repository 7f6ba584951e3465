/** Badges: 20 px high, beside those of shields.io and with their proportions. */
import type { BadgeState } from './views.ts';

const LABEL = 'launch';
const STATES: Record<BadgeState, { text: string; colour: string }> = {
  static: { text: 'slipway', colour: '#0a62ad' },
  ready: { text: 'ready in seconds', colour: '#14743f' },
  unknown: { text: 'will build', colour: '#0a62ad' },
  failed: { text: 'last build failed', colour: '#b3261e' },
};

/** Widths of Verdana, which such badges are set in, in 2048ths of the size; another font is stretched to them. */
const WIDTHS: Record<string, number> = {
  a: 1230,
  b: 1276,
  c: 1067,
  d: 1276,
  e: 1220,
  f: 720,
  g: 1276,
  h: 1296,
  i: 562,
  j: 705,
  k: 1212,
  l: 562,
  m: 1992,
  n: 1296,
  o: 1243,
  p: 1276,
  q: 1276,
  r: 874,
  s: 1067,
  t: 807,
  u: 1296,
  v: 1212,
  w: 1676,
  x: 1212,
  y: 1212,
  z: 1076,
  ' ': 720,
};
const SIZE = 11;
const MARGIN = 6;
const LOGO = 14;

function widthOf(text: string): number {
  const units = [...text].reduce((sum, letter) => sum + (WIDTHS[letter] ?? 1300), 0);
  return Math.round((units / 2048) * SIZE);
}

function draw({ text, colour }: { text: string; colour: string }): string {
  const [label, message] = [widthOf(LABEL), widthOf(text)];
  const left = MARGIN + LOGO + 4 + label + MARGIN;
  const right = MARGIN + message + MARGIN;
  const words = (x: number, width: number, word: string) =>
    `<text x="${x}" y="15" fill="#010101" fill-opacity=".3" textLength="${width}" aria-hidden="true">${word}</text><text x="${x}" y="14" textLength="${width}">${word}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${LABEL}: ${text}">`,
    `<title>${LABEL}: ${text}</title>`,
    '<linearGradient id="s" x2="0" y2="100%"><stop offset="0" stop-color="#bbb" stop-opacity=".1"/><stop offset="1" stop-opacity=".1"/></linearGradient>',
    `<clipPath id="r"><rect width="${left + right}" height="20" rx="3" fill="#fff"/></clipPath>`,
    `<g clip-path="url(#r)"><rect width="${left}" height="20" fill="#555"/><rect x="${left}" width="${right}" height="20" fill="${colour}"/><rect width="${left + right}" height="20" fill="url(#s)"/></g>`,
    `<path transform="translate(${MARGIN - 1} 3) scale(.5833)" fill="#fff" d="M11 2.6v11H3.6zM13 6l5.6 7.6H13zM2 15.4h20l-3.2 5.4c-.2.4-.6.6-1 .6H6.2c-.4 0-.8-.2-1-.6z"/>`,
    `<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="${SIZE}">${words(MARGIN + LOGO + 4, label, LABEL)}${words(left + MARGIN, message, text)}</g>`,
    '</svg>',
  ].join('');
}

const DRAWN = Object.fromEntries(Object.entries(STATES).map(([state, look]) => [state, draw(look)])) as Record<
  BadgeState,
  string
>;

/** @param state `static` is the badge for a README that says nothing of a state */
export function badgeSvg(state: BadgeState): string {
  return DRAWN[state];
}
