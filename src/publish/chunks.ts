/** Streams in pieces of another size. */

/** Pieces of `length` bytes, the last one shorter; none of nothing. */
export async function* chunked(source: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const part of source) {
    for (let at = 0; at < part.length; ) {
      const piece = part.subarray(at, at + length - size);
      parts.push(piece);
      size += piece.length;
      at += piece.length;
      if (size < length) continue;
      yield Buffer.concat(parts);
      parts = [];
      size = 0;
    }
  }
  if (size > 0) yield Buffer.concat(parts);
}
