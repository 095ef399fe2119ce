import type {
  Artifact,
  BlockReader,
  Call,
  CaptureId,
  Consistency,
  DiskId,
  DiskSlot,
  Extent,
  Finding,
  LogSink,
  MachineRef,
  MachineSpec,
  SkippedDisk,
  StreamId,
} from '@sendense/core';
import type { BitmapName } from '@sendense/plugin-kit/baselines';

/** A dirty bitmap (with libvirt: the one of a checkpoint) as the host sees it. */
export type HostBitmap = {
  readonly name: string;
  readonly granularityBytes: number;
  /** `false`: it was switched off and silently misses writes. */
  readonly recording: boolean;
  /** `false`: its last writer ended without saving it. */
  readonly consistent: boolean;
  /** Sum of what it calls dirty; `undefined` where the host does not say. */
  readonly dirtyBytes: number | undefined;
};

/** A disk of the machine as it is now. */
export type HostDisk = {
  /** What the host calls the disk for as long as the machine has it: the guest device, else the block node. */
  readonly id: DiskId;
  readonly label: string;
  readonly slot: DiskSlot;
  readonly sizeBytes: number;
  readonly sectorBytes: 512 | 4096;
  readonly readOnly: boolean;
  /** By what the host is asked for it: a block node's name, a target (`vda`). */
  readonly target: string;
  /** `qcow2`, `raw`, … */
  readonly format: string;
  /** Path or address of the image, then of its backing files: tells a replaced disk from one that lost its bitmap. */
  readonly images: readonly string[];
  /** Whether the host keeps bitmaps right when somebody takes or commits snapshots, as libvirt does. */
  readonly followsSnapshots: boolean;
  /** Those of the active image: bitmaps of backing files see no writes. */
  readonly bitmaps: readonly HostBitmap[];
  /** Why no baseline can be kept in it, as a sentence; `undefined` when one can. */
  readonly untracked: string | undefined;
};

/** `off`: there is no QEMU; the disks are files at rest. */
export type Power = 'on' | 'off';

/** The machine as it is now. */
export type HostMachine = {
  readonly machine: MachineRef;
  readonly power: Power;
  /** Holds the disks that are captured, in their order. */
  readonly spec: MachineSpec;
  readonly disks: readonly HostDisk[];
  /** Disks that are never captured (empty, removable), and why. */
  readonly skipped: readonly SkippedDisk[];
  readonly findings: readonly Finding[];
};

/** What is to be frozen. */
export type InstantRequest = {
  readonly captureId: CaptureId;
  readonly stream: StreamId;
  /** Name of the new baseline; everything that is made bears the capture's id. See `BitmapName`. */
  readonly baseline: string;
  /** How the machine was when this was decided; `begin` rejects with `CONFLICT` when it was started or stopped since. */
  readonly power: Power;
  readonly consistency: { readonly want: Consistency; readonly accept: Consistency };
  readonly disks: readonly {
    readonly disk: HostDisk;
    /** The bitmap since which changes are wanted; it goes on recording. `null`: the whole disk is wanted. */
    readonly since: string | null;
    /** Whether the new baseline is to be made in this disk. */
    readonly track: boolean;
  }[];
};

/** What is read of a frozen disk. */
export type FrozenContent = {
  readonly reader: BlockReader;
  /** What changed since the bitmap that was asked for, told apart into data and proven zeros; `null` for a full. */
  readonly changed: ((call?: Call) => AsyncIterable<Extent>) | null;
};

/** One frozen disk. */
export type FrozenDisk = {
  readonly id: DiskId;
  /** Whether the new baseline was made in it. */
  readonly tracked: boolean;
  /** Connects to it; the reader owns the connection. */
  open(log: LogSink | undefined, call?: Call): Promise<FrozenContent>;
};

/** All disks of a request, frozen at one instant and readable until `end`. */
export interface FrozenInstant {
  readonly at: Date;
  /** What was obtained. */
  readonly consistency: Consistency;
  readonly disks: readonly FrozenDisk[];
  /** What the machine has besides its disks. */
  readonly artifacts: readonly Artifact[];
  readonly findings: readonly Finding[];
  /** Why the host gave it up by itself: from then on what is read of its disks fails. */
  readonly gaveUp?: string | undefined;
  /** Rejects with `INSTANT_LOST` unless all that was read up to now is of the instant. */
  check(call?: Call): Promise<void>;
  /**
   * Ends the exports and jobs and removes everything temporary; the new baselines stay. Idempotent. What could not be
   * removed is a finding: `tidy` finds it again.
   */
  end(call?: Call): Promise<readonly Finding[]>;
}

/** A call that may say which bitmaps matter. */
export type DescribeCall = Call & {
  /** Bitmaps that states name: a host that forgets its bitmaps (libvirt, of a recreated domain) looks for these. */
  readonly named?: readonly string[];
};

/** Where a machine runs: a QEMU monitor, libvirt, or the images of a stopped machine. Calls may overlap. */
export interface MachineHost extends AsyncDisposable {
  describe(call?: DescribeCall): Promise<HostMachine>;
  /**
   * What is weaker than `want`, as findings. Throws `QUIESCE_FAILED` when `accept` can surely not be had; `begin` may
   * still reject with it.
   */
  checkConsistency(consistency: InstantRequest['consistency'], power: Power): readonly Finding[];
  /**
   * Freezes at one instant and makes the new baselines at the same instant. Leaves nothing behind when it rejects:
   * `SNAPSHOT_FAILED`, `QUIESCE_FAILED`, `LOCKED` when another job or server is in the way, `NO_SPACE`.
   */
  begin(request: InstantRequest, call?: Call): Promise<FrozenInstant>;
  /**
   * Removes those of our bitmaps that `unwanted` picks, from all disks. Resolves with what was removed, in words.
   * What is gone already is no failure; what cannot be removed now is a finding.
   */
  removeBitmaps(unwanted: (made: BitmapName) => boolean, call?: Call): Promise<Removal>;
  /** Ends and removes the temporary things (jobs, exports, scratch files) of dead captures that `isLeft` picks. */
  tidy(isLeft: (made: BitmapName) => boolean, call?: Call): Promise<Removal>;
}

/** What was removed, in words, and what could not be. */
export type Removal = { readonly removed: readonly string[]; readonly findings: readonly Finding[] };
