import type { Extent } from '@sendense/core';
import { expect, it } from 'vitest';
import { findSparse } from './sparse-map.ts';

const BLOCK = 4096;

/** So many pieces of data, each behind the other in the file, and a hole of one block at the end. */
async function* pieces(count: number, holes: number): AsyncGenerator<Extent, void, undefined> {
  for (let index = 0; index < count; index += 1)
    yield { offset: index * BLOCK, length: BLOCK, kind: 'data' as const };
  if (holes > 0) yield { offset: count * BLOCK, length: holes * BLOCK, kind: 'zero' as const };
}

it('A file without holes has no map, in however many pieces it lies on its volume', async () => {
  const count = 2_000_001;
  expect(await findSparse(pieces(count, 0), count * BLOCK)).toBeUndefined();
});

it('Pieces that touch in the file are one of its map', async () => {
  const sparse = await findSparse(pieces(5, 1), 6 * BLOCK);
  expect(sparse).toEqual({ data: [{ offset: 0, length: 5 * BLOCK }], dataBytes: 5 * BLOCK });
});
