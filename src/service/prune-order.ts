/** Which images go first: those that were not used for longest, and of equally old ones those that were used least. */
import type { StockImage } from '../images.ts';

const DAY = 86_400_000;
/** Each stands on those after it. */
const TIERS: readonly StockImage['tier'][] = ['content', 'environment', 'base', 'rootfs'];

export interface Use {
  /** Milliseconds since 1970. */
  last: number;
  /** How often. */
  count: number;
}

export interface Ranked extends Use {
  image: StockImage;
  /** What it stands on, itself of ours. */
  parent: StockImage | undefined;
  /** Bytes that go when it goes after all before it. */
  frees: number;
}

/**
 * Images that may go, in the order in which they do. A lower tier counts as used whenever what stands on it was, so it
 * never goes before, and stays as long as that does.
 * @param mayGo whether an image may go for its own part
 */
export function pruneOrder(
  images: readonly StockImage[],
  useOf: (image: StockImage) => Use,
  mayGo: (image: StockImage, use: Use) => boolean,
): Ranked[] {
  const families = familiesOf(images);
  const ranked = images.map((image) => {
    const standing = families.get(image.id) ?? [image];
    const uses = standing.map((one) => ({ one, use: useOf(one) }));
    const last = Math.max(...uses.map(({ use }) => use.last));
    const count = uses.reduce((sum, { use }) => sum + use.count, 0);
    return { image, last, count, stays: uses.some(({ one, use }) => !mayGo(one, use)) };
  });
  const going = ranked.filter(({ stays }) => !stays).sort(before);
  const left = new Set(images);
  return going.map(({ image, last, count }) => {
    left.delete(image);
    const parent = images.filter((one) => standsOn(image, one)).sort(higher)[0];
    return { image, last, count, parent, frees: image.size - sharedSize(image, left, images) };
  });
}

function before(a: Use & { image: StockImage }, b: Use & { image: StockImage }): number {
  return (
    Math.floor(a.last / DAY) - Math.floor(b.last / DAY) ||
    a.count - b.count ||
    a.last - b.last ||
    higher(a.image, b.image)
  );
}

function higher(a: StockImage, b: StockImage): number {
  return TIERS.indexOf(a.tier) - TIERS.indexOf(b.tier) || b.layers.length - a.layers.length;
}

/** Each image with all that stand on it. */
function familiesOf(images: readonly StockImage[]): Map<string, StockImage[]> {
  return new Map(images.map((image) => [image.id, images.filter((one) => one === image || standsOn(one, image))]));
}

/** Whether one has all layers of the other below its own; of two with the same layers the higher tier does. */
function standsOn(upper: StockImage, lower: StockImage): boolean {
  const height = lower.layers.length;
  if (height === 0 || upper.layers.length < height) return false;
  // Layers differ at the top if anywhere.
  for (let at = height - 1; at >= 0; at -= 1) if (upper.layers[at] !== lower.layers[at]) return false;
  return upper.layers.length > height || TIERS.indexOf(upper.tier) < TIERS.indexOf(lower.tier);
}

/** Bytes of an image in layers that one of those left has too, as far as an image that ends there tells. */
function sharedSize(image: StockImage, left: ReadonlySet<StockImage>, all: readonly StockImage[]): number {
  let height = 0;
  for (const one of left) {
    let same = 0;
    while (same < image.layers.length && one.layers[same] === image.layers[same]) same += 1;
    height = Math.max(height, same);
  }
  const ends = all.filter(
    ({ layers }) => layers.length <= height && layers.every((layer, at) => layer === image.layers[at]),
  );
  return Math.max(0, ...ends.map(({ size }) => size));
}
