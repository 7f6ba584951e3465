/** What tests of journals have in common. */
import { expect } from 'vitest';
import type { Journals, Read } from '../../src/queue/journal.ts';

/** Everything that a reader gets from a place on until the journal's end. */
export async function readAll(journals: Journals, id: string, from = 0): Promise<Read[]> {
  const reads: Read[] = [];
  for await (const batch of journals.read(id, from, new AbortController().signal)) reads.push(...batch);
  return reads;
}

/** What tests write is `{ i }`. */
export function valuesOf(reads: readonly Read[]): unknown[] {
  return reads.map(({ json }) => (JSON.parse(json) as { i: unknown }).i);
}

export function expectGapless(reads: readonly Read[], from = 0): void {
  expect(reads.map(({ n }) => n)).toEqual(reads.map((_, index) => from + index));
}
