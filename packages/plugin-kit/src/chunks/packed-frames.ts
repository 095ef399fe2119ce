import type { EncodedChunks } from '@sendense/core';
import { damagedChunk } from './chunk-work.ts';

/** Puts frames back to back at the start of `into`; gives their lengths. */
export function packFrames(frames: readonly Uint8Array[], into: Uint8Array): Uint32Array {
  let end = 0;
  for (const frame of frames) {
    into.set(frame, end);
    end += frame.byteLength;
  }
  return Uint32Array.from(frames, (frame) => frame.byteLength);
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
