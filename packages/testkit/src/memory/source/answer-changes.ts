import type { ChangeState, Changes, FullReason } from '@sendense/core';
import type { FrozenDisk } from '../hypervisor/memory-hypervisor.ts';
import { parseState } from './memory-state.ts';

/** What the answer depends on besides the disk. */
export type AnswerContext = {
  readonly tracking: boolean;
  readonly since: readonly ChangeState[];
  readonly now: Date;
  /** How often the machine was reverted. */
  readonly reverts: number;
};

/** Incremental since the newest state that holds for the disk, else full with the reason of the newest that did not. */
export function answerChanges(disk: FrozenDisk, context: AnswerContext): Changes {
  if (!context.tracking) return full('no-change-tracking', 'the hypervisor keeps no dirty bitmaps');
  const naming = context.since.filter(({ disks }) => disks.includes(disk.id));
  const refusals: FullReason[] = [];
  for (const state of naming) {
    const answer = deltaSince(state, disk, context);
    if (typeof answer !== 'string') return answer;
    refusals.push(answer);
  }
  return full(refusals[0] ?? 'first-backup', `no usable baseline among ${naming.length}`);
}

function deltaSince(
  state: ChangeState,
  disk: FrozenDisk,
  { now, reverts }: AnswerContext,
): Changes | FullReason {
  const data = parseState(state);
  if (data === undefined) return 'state-unreadable';
  if (state.expiresAt !== undefined && new Date(state.expiresAt) <= now) return 'state-expired';
  if (data.reverts !== reverts) return 'machine-reverted';
  if (disk.content.sizeBytes < (data.sizes[disk.id] ?? 0)) return 'disk-resized';
  const bitmap = disk.bitmaps.get(data.bitmap);
  if (bitmap === undefined) return 'tracking-lost';
  if (!bitmap.consistent) return 'tracking-inconsistent';
  return {
    kind: 'incremental',
    since: state.instant,
    async *extents() {
      yield* bitmap.extents(disk.content);
    },
  };
}

function full(reason: FullReason, detail: string): Changes {
  return { kind: 'full', reason, detail };
}
