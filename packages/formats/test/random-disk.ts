import type { BlockWriter } from '@sendense/core';
import type { SeededRandom } from './seeded-random.ts';

/** A stretch of a disk: what is written to it. */
export type Stretch = {
  readonly offset: number;
  readonly length: number;
  readonly kind: 'data' | 'zero' | 'skip';
};

/** Random stretches that cover a disk of `sizeBytes`, on a grid of `unit`. */
export function randomStretches(sizeBytes: number, unit: number, random: SeededRandom): Stretch[] {
  const stretches: Stretch[] = [];
  for (let offset = 0; offset < sizeBytes; ) {
    const length = Math.min((1 + random.below(12)) * unit, sizeBytes - offset);
    stretches.push({ offset, length, kind: random.pick(['data', 'zero', 'skip', 'data']) });
    offset += length;
  }
  return stretches;
}

/** Writes stretches to `writer` and to `model`, flushing now and then. Data is half random, half one byte repeated. */
export async function writeStretches(
  stretches: readonly Stretch[],
  writer: BlockWriter,
  model: Uint8Array,
  random: SeededRandom,
): Promise<void> {
  for (const { offset, length, kind } of stretches) {
    const part = model.subarray(offset, offset + length);
    if (kind === 'zero') {
      part.fill(0);
      await writer.zero(offset, length);
    } else if (kind === 'data') {
      const noise = random.below(2) === 0;
      const byte = 1 + random.below(255);
      for (let at = 0; at < length; at += 1) part[at] = noise ? random.below(256) : byte;
      await writer.write(offset, part);
    }
    if (random.below(20) === 0) await writer.flush();
  }
  await writer.flush();
}
