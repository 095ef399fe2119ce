import type { Call } from '@sendense/core';
import type { DiskImage } from '../disk-image.ts';
import { GRAIN_BYTES, GRAIN_SECTORS } from '../vmdk/constants.ts';
import { sparseLayout } from '../vmdk/sparse-layout.ts';
import { MOST_GRAINS } from '../vmdk/sparse-writer.ts';
import { tooMuchData } from '../vmdk/stream-encoder.ts';
import { BlockCounter } from './block-counter.ts';
import type { TargetPlan } from './target-plan.ts';

/**
 * Rejects with `FORMAT_UNSUPPORTED` before anything is written when a sparse VMDK cannot hold the data of the source. Compressed
 * data may fit: that is found when it is written.
 */
export async function refuseTooMuchData(plan: TargetPlan, source: DiskImage, call?: Call): Promise<void> {
  if (plan.subformat !== 'monolithicSparse') return;
  const room = MOST_GRAINS - sparseLayout(plan.sizeBytes).header.overhead / GRAIN_SECTORS;
  if (Math.ceil(plan.sizeBytes / GRAIN_BYTES) <= room) return;
  const counter = new BlockCounter(GRAIN_BYTES);
  const { signal } = call ?? {};
  for await (const extent of source.extents({ offset: 0, length: source.sizeBytes }, signal && { signal }))
    counter.add(extent);
  if (Math.min(counter.count, storedGrains(source)) > room) throw tooMuchData();
}

/** Without units of allocation an image may not know its holes: then what its files take is what it holds at most. */
function storedGrains({ info: { clusterBytes, allocatedBytes } }: DiskImage): number {
  return clusterBytes === null ? Math.ceil(allocatedBytes / GRAIN_BYTES) : Number.POSITIVE_INFINITY;
}
