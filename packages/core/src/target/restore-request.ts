import type { Artifact } from '../machine/artifact.ts';
import type { DiskSlot } from '../machine/disk-slot.ts';
import type { MachineRef } from '../machine/machine-ref.ts';
import type { MachineSpec } from '../machine/machine-spec.ts';
import type { DiskId, InstantId } from '../values/identifiers.ts';
import type { Json } from '../values/json.ts';

/** What a restore makes. */
export type RestoreInto = 'new-machine' | 'disks-only' | 'existing-disks';

/** A disk to restore. */
export type RestoreDisk = {
  readonly id: DiskId;
  readonly number: number;
  readonly slot: DiskSlot;
  readonly sizeBytes: number;
  readonly sectorBytes: 512 | 4096;
};

/** What the user wants restored, before anything is decided. */
export type RestoreRequest = {
  readonly spec: MachineSpec;
  readonly disks: readonly RestoreDisk[];
  readonly into: RestoreInto;
  /** `existing-disks` only: a delta in place since this instant (failback). */
  readonly base?: InstantId;
  readonly existing?: MachineRef;
  /** Replace what is there instead of refusing with `ALREADY_EXISTS`. */
  readonly overwrite: boolean;
  readonly start: boolean;
  /** What the point holds of the machine besides its disks; absent = nothing. */
  readonly artifacts?: readonly Artifact[];
  /** Options of this target, checked by its own schema. */
  readonly options: Json;
};
