import type { EncodedChunks } from '@sendense/core';
import { damagedChunk } from './chunk-work.ts';

/** Frames back to back. */
export function packFrames(frames: readonly Uint8Array[]): EncodedChunks {
  return { bytes: Buffer.concat(frames), lengths: Uint32Array.from(frames, (frame) => frame.byteLength) };
}

/** The single frames. Throws `CORRUPT` when the lengths do not add up to the bytes. */
export function framesOf({ bytes, lengths }: EncodedChunks): Uint8Array[] {
  let end = 0;
  const frames = Array.from(lengths, (length) => {
    end += length;
    return bytes.subarray(end - length, end);
  });
  if (end === bytes.byteLength) return frames;
  throw damagedChunk(undefined, `frames of ${end} bytes were stored in ${bytes.byteLength}`);
}
