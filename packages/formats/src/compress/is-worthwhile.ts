import { deflateSync } from 'node:zlib';

/** What is looked at of a block to see whether it can be compressed: this much of each eighth. */
const SAMPLE_BYTES = 1024;
const SAMPLES = 8;
/** Samples that shrink to more than this part of their size are of data that was compressed or encrypted before. */
const WORTHWHILE = 0.98;

/** Whether a block of data is likely to shrink: random bytes take zlib longer than others, and come out longer. */
export function isWorthwhile(block: Uint8Array): boolean {
  if (block.byteLength < SAMPLES * SAMPLE_BYTES) return true;
  const sample = new Uint8Array(SAMPLES * SAMPLE_BYTES);
  const step = block.byteLength / SAMPLES;
  for (let index = 0; index < SAMPLES; index += 1)
    sample.set(block.subarray(index * step, index * step + SAMPLE_BYTES), index * SAMPLE_BYTES);
  return deflateSync(sample, { level: 1 }).byteLength < sample.byteLength * WORTHWHILE;
}
