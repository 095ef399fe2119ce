import type { BlockReader } from '../block/block-reader.ts';
import type { BlockWriter } from '../block/block-writer.ts';
import type { ChangeState } from '../capture/change-state.ts';
import type { Fence } from '../engine/fence.ts';
import type { MachineRef } from '../machine/machine-ref.ts';
import type { MachineSpec } from '../machine/machine-spec.ts';
import type { PointReader } from '../repository/repository.ts';
import type { Brand } from '../values/brand.ts';
import type { Call } from '../values/call.ts';
import type { DiskId, InstantId } from '../values/identifiers.ts';
import type { Json } from '../values/json.ts';

/** A replica on a target. */
export type ReplicaRef = { readonly id: Brand<'replica'>; readonly machine: MachineRef };

/** The truth about a replica: which instants it holds, and whether somebody else wrote to it. */
export type ReplicaStatus = {
  readonly replica: ReplicaRef;
  readonly instants: readonly InstantId[];
  readonly foreignWrites: boolean;
};

/** One cycle: from the instant the replica holds to a newer one; `from: null` = initial sync. */
export type ReplicaCycle = {
  readonly id: string;
  readonly replica: ReplicaRef;
  readonly from: InstantId | null;
  readonly to: InstantId;
  readonly spec: MachineSpec;
};

/** How a fork runs. */
export type ForkOptions = {
  readonly name: string;
  readonly network: 'isolated' | 'connected';
  readonly options: Json;
};

/** Replication at a target. Declared from the start because its needs shape the rest. */
export interface ReplicaOperations {
  /** Requires: `replica`. Must: tell the truth of the platform, not of a record; report foreign writes. */
  status(replica: ReplicaRef, call?: Call): Promise<ReplicaStatus>;
  /**
   * Requires: `replica`.
   * Must: reject with `CONFLICT` unless the replica holds `from`; keep `from` whole until `commit`.
   */
  begin(cycle: ReplicaCycle, fence: Fence, call?: Call): Promise<ReplicaWriter>;
  /** Requires: `replica.readable`. Must: reject an instant it does not hold with `NOT_FOUND`. */
  open(replica: ReplicaRef, instant: InstantId, call?: Call): Promise<PointReader>;
  /** Requires: `replica.fork`. Must: leave the replica syncing and unchanged; be isolated unless asked otherwise. */
  fork(replica: ReplicaRef, instant: InstantId, options: ForkOptions, call?: Call): Promise<ReplicaFork>;
  /** Requires: `replica.adopt`. The machine's disks equal `instant` except for the extents to come. Must: change none of them. */
  adopt(machine: MachineRef, instant: InstantId, call?: Call): Promise<ReplicaRef>;
  /** Requires: `replica`. Must: be idempotent; leave the other instants as they are. */
  retire(replica: ReplicaRef, instants: readonly InstantId[] | 'all', call?: Call): Promise<void>;
}

/** Applies one cycle. After dispose or a crash `from` is still there and can be promoted. */
export interface ReplicaWriter extends AsyncDisposable {
  /** `untouched` is `base`: equal to `from`. */
  readonly disks: ReadonlyMap<DiskId, BlockWriter>;
  /** The instant `to` of all disks at once. Receives: no unflushed writes. Must: be atomic and durable; succeed when repeated. */
  commit(call?: Call): Promise<ReplicaStatus>;
}

/** Reader and writer of one disk of a fork; guest fix-ups go here. */
export type ForkDisk = { readonly reader: BlockReader; readonly writer: BlockWriter };

/** An isolated copy; the replica goes on syncing; dispose deletes it. */
export interface ReplicaFork extends AsyncDisposable {
  readonly disks: ReadonlyMap<DiskId, ForkDisk>;
  /** `state` is the baseline of the reverse delta. */
  start(call?: Call): Promise<{ readonly machine: MachineRef; readonly state: ChangeState | null }>;
  /** Failover: from now on not ours to delete. */
  keep(call?: Call): Promise<void>;
}
