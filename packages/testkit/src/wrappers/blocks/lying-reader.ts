import type { BlockReader, Extent } from '@sendense/core';
import { overlay } from '../../overlay.ts';

/** What a peer can be wrong about. Callers must refuse what can be seen, and nobody may write it down as true. */
export const READER_LIES = [
  'extents-with-gap',
  'extents-overlap',
  'extents-backwards',
  'extents-past-end',
  'extents-empty',
  'zero-for-data',
  'short-read',
] as const;

/** One of {@link READER_LIES}. */
export type ReaderLie = (typeof READER_LIES)[number];

/** A reader that breaks its contract in one way. */
export function lyingReader(inner: BlockReader, lie: ReaderLie): BlockReader {
  return overlay(inner, {
    async read(offset, into, call) {
      const short = lie === 'short-read' ? into.subarray(0, Math.floor(into.byteLength / 2)) : into;
      await inner.read(offset, short, call);
    },
    async *extents(range, call) {
      const told: Extent[] = [];
      for await (const extent of inner.extents(range, call)) told.push(extent);
      yield* EXTENT_LIES[lie]?.(told, inner.sizeBytes) ?? told;
    },
  });
}

const EXTENT_LIES: Readonly<Partial<Record<ReaderLie, (told: readonly Extent[], size: number) => Extent[]>>> =
  {
    'extents-with-gap': (told) => told.filter((_, index) => index !== told.length - 1),
    'extents-overlap': (told) => told.flatMap((extent) => [extent, extent]),
    'extents-backwards': (told) => told.toReversed(),
    'extents-past-end': (told, size) => [...told, { offset: size, length: 512, kind: 'data' }],
    'extents-empty': (told) => told.flatMap((extent) => [extent, { ...extent, length: 0 }]),
    'zero-for-data': (told) => told.map((extent) => ({ ...extent, kind: 'zero' })),
  };
