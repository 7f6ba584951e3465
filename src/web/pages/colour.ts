/** The operator's colour as the two themes can use it: text in it, and on it, has a contrast of 4.5 at least. */
type Rgb = readonly [number, number, number];

const CONTRAST = 4.5;
const STEPS = 40;
const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
/** `--paper` and `--raised` of base.css: a colour is tried against the latter, which is nearer to it. */
const LIGHT = { paper: WHITE, raised: [246, 247, 249] as Rgb };
const DARK = { paper: [13, 16, 21] as Rgb, raised: [21, 26, 33] as Rgb };

function parse(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function hexOf(colour: Rgb): string {
  return `#${colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;
}

function mix(one: Rgb, other: Rgb, share: number): Rgb {
  const at = (index: 0 | 1 | 2) => one[index] + (other[index] - one[index]) * share;
  return [at(0), at(1), at(2)];
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** As WCAG defines it, between 1 and 21. */
export function contrast(one: string, other: string): number {
  const [a, b] = [luminance(parse(one)), luminance(parse(other))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function theme(colour: Rgb, { paper, raised }: typeof LIGHT, towards: Rgb, onAccent: string): string {
  let step = 0;
  let accent = colour;
  while (contrast(hexOf(accent), hexOf(raised)) < CONTRAST && step < STEPS) {
    step += 1;
    accent = mix(colour, towards, step / STEPS);
  }
  return `--accent:${hexOf(accent)};--on-accent:${onAccent};--tint:${hexOf(mix(paper, accent, 0.12))}`;
}

/** Rules that put an accent colour in place of ours. */
export function accentRules(colour: string): string {
  const rgb = parse(colour);
  const light = theme(rgb, LIGHT, BLACK, '#ffffff');
  const dark = theme(rgb, DARK, WHITE, '#06131f');
  return `:root{${light}}@media (prefers-color-scheme:dark){:root{${dark}}}`;
}
