import type { SkippedDisk } from '../capture/capture-plan.ts';
import type { FullReason } from '../capture/full-reason.ts';
import type { DiskSlot } from '../machine/disk-slot.ts';
import type { MachineSpec } from '../machine/machine-spec.ts';
import type { Consistency } from '../values/consistency.ts';
import type { Finding } from '../values/finding.ts';
import type { DiskId, InstantId, MachineKey, PointId, StreamId } from '../values/identifiers.ts';
import type { BackupKind } from './backup-kind.ts';

/** A disk of a point to be written. */
export type DraftDisk = {
  readonly id: DiskId;
  readonly slot: DiskSlot;
  readonly sizeBytes: number;
  readonly sectorBytes: 512 | 4096;
  /** The point whose disk this one is a delta of; `null` = full. */
  readonly base: PointId | null;
  /** Why this disk is full; `null` on a delta. */
  readonly reason: FullReason | null;
};

/** A recovery point before it is written. */
export interface PointDraft {
  readonly id: PointId;
  readonly instant: InstantId;
  readonly at: Date;
  readonly machine: MachineKey;
  readonly stream: StreamId;
  /** Previous + 1 in the stream, created once: the loser of two writers gets `CONFLICT`. */
  readonly sequence: number;
  /** What the user asked and got; `full` when every disk is full. */
  readonly kind: BackupKind;
  readonly spec: MachineSpec;
  readonly consistency: Consistency;
  readonly disks: readonly DraftDisk[];
  /** Invariant 12: a disk that is not in the point is named in its record. */
  readonly skipped: readonly SkippedDisk[];
  readonly findings: readonly Finding[];
  readonly note?: string;
}
