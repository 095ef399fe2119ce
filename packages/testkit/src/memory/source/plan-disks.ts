import type { DiskPlan, Extent, SkippedDisk } from '@sendense/core';
import { collect } from '../../collect.ts';
import type { MemoryMachine } from '../hypervisor/memory-machine.ts';
import type { TrackedDisk } from '../hypervisor/tracked-disk.ts';
import { type AnswerContext, answerChanges } from './answer-changes.ts';

/** What a capture would answer now for each disk that is not skipped. Nothing is frozen or started for it. */
export async function planDisks(
  machine: MemoryMachine,
  skipped: readonly SkippedDisk[],
  context: AnswerContext,
): Promise<readonly DiskPlan[]> {
  const planned = machine.disks.filter((disk) => !skipped.some(({ id }) => id === disk.id));
  return await Promise.all(planned.map((disk) => planDisk(disk, context)));
}

async function planDisk(disk: TrackedDisk, context: AnswerContext): Promise<DiskPlan> {
  const content = disk.freeze();
  const answer = answerChanges({ id: disk.id, content, bitmaps: disk.bitmaps }, context);
  const full = answer.kind === 'full';
  const extents: Extent[] = full ? [...content.extents()] : await collect(answer.extents());
  const data = extents.filter(({ kind }) => kind === 'data');
  return {
    id: disk.id,
    sizeBytes: disk.sizeBytes,
    kind: answer.kind,
    reason: full ? answer.reason : null,
    detail: full ? answer.detail : `since instant ${answer.since}`,
    changedBytes: total(full ? data : extents),
    readBytes: total(data),
  };
}

function total(extents: readonly Extent[]): number {
  return extents.reduce((sum, { length }) => sum + length, 0);
}
