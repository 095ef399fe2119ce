import type { ChunkPlace } from '../index/table-page.ts';
import type { HeldChunk } from '../packs/chunk-codec.ts';

/** A chunk that somebody waits for. */
export type WantedChunk = {
  readonly id: Uint8Array;
  readonly resolve: (chunk: HeldChunk) => void;
  readonly reject: (error: unknown) => void;
};

/** A wanted chunk and where it lies. */
export type PlacedChunk = WantedChunk & { readonly place: ChunkPlace };

/** Frames of one pack that are read by one request. */
export type FrameRun = {
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
  readonly chunks: readonly PlacedChunk[];
};

/** The most bytes of one request: large enough for a line, small enough that several share it; four whole chunks of 1 MiB. */
export const RUN_BYTES = 4 * 1024 * 1024 + 4096;

/** Joins frames that touch each other. */
export function joinFrames(chunks: readonly PlacedChunk[]): readonly FrameRun[] {
  const sorted = chunks.toSorted((a, b) =>
    a.place.pack === b.place.pack ? a.place.offset - b.place.offset : a.place.pack < b.place.pack ? -1 : 1,
  );
  const runs: (FrameRun & { length: number; chunks: PlacedChunk[] })[] = [];
  for (const chunk of sorted) {
    const { pack, offset, length } = chunk.place;
    const last = runs.at(-1);
    const touches = last?.pack === pack && last.offset + last.length === offset;
    if (last !== undefined && touches && last.length + length <= RUN_BYTES) {
      last.length += length;
      last.chunks.push(chunk);
    } else runs.push({ pack, offset, length, chunks: [chunk] });
  }
  return runs;
}
