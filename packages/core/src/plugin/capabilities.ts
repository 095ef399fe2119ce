import type { Firmware } from '../machine/machine-spec.ts';
import type { RestoreInto } from '../target/restore-request.ts';
import type { Consistency } from '../values/consistency.ts';

/** How a capability was shown to work: on the real thing, on someone else's simulator, or on our own model. */
export type ProofLevel = 'real' | 'simulator' | 'model';

/** Capabilities with the proof of each; an absent field is not offered. */
export type Proven<T> = T & { readonly proof: { readonly [K in keyof T]: ProofLevel } };

/** What a source offers. */
export type SourceCapabilities = Proven<{
  /** Keeps baselines, so that increments read only what changed. */
  readonly tracking: boolean;
  /** All disks of a machine at one instant. */
  readonly oneInstant: boolean;
  readonly consistency: readonly Consistency[];
  readonly order: 'random' | 'ascending';
  readonly baselinesPerMachine: number;
  readonly granularityBytes: number;
  readonly reportsZeros: boolean;
  readonly poweredOff: boolean;
  readonly adoptsCapture: boolean;
}>;

/** What a repository offers. */
export type RepositoryCapabilities = Proven<{
  readonly incremental: boolean;
  /** Two points may have the same base. */
  readonly branching: boolean;
  readonly growDisk: boolean;
  readonly encryption: boolean;
  readonly dedup: boolean;
  readonly immutability: boolean;
  /** Points open with other people's tools. */
  readonly plainFiles: boolean;
  readonly sharedWriters: boolean;
  readonly resumesPoint: boolean;
  /** Verifies a sample of the data, for a time, and goes on later. */
  readonly partialVerify?: boolean;
  readonly maxDiskBytes: number;
}>;

/** What a target offers for replication. */
export type ReplicaCapabilities = {
  readonly history: number;
  readonly readable: boolean;
  readonly fork: boolean;
  readonly adopt: boolean;
  readonly reverseState: boolean;
};

/** What a target offers. */
export type TargetCapabilities = Proven<{
  readonly order: 'random' | 'ascending';
  readonly resume: 'range' | 'disk' | 'none';
  readonly sizeMultipleBytes: number;
  readonly minDiskBytes: number;
  readonly maxDiskBytes: number;
  readonly parallelDisks: number;
  readonly firmware: readonly Firmware[];
  readonly into: readonly RestoreInto[];
  readonly replica: false | ReplicaCapabilities;
  readonly cost: boolean;
}>;
