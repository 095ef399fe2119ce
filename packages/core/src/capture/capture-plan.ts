import type { Finding } from '../values/finding.ts';
import type { DiskId } from '../values/identifiers.ts';
import type { FullReason } from './full-reason.ts';

/** A shared limit that the engine's scheduler holds across jobs, e.g. `kvm-host:h1` 10. */
export type Lane = { readonly key: string; readonly max: number };

/** What a capture would do with one disk. */
export type DiskPlan = {
  readonly id: DiskId;
  readonly sizeBytes: number;
  readonly kind: 'full' | 'incremental';
  readonly reason: FullReason | null;
  readonly detail: string;
  /** Bytes the delta or full covers. */
  readonly changedBytes: number;
  /** Bytes that must be read to deliver them (an export lease reads all to deliver little). */
  readonly readBytes: number;
};

/** The dry run of a capture. */
export type CapturePlan = {
  readonly disks: readonly DiskPlan[];
  readonly skipped: readonly SkippedDisk[];
  readonly lanes: readonly Lane[];
  /** Missing rights, weakened consistency, limits. */
  readonly findings: readonly Finding[];
  /** As a capture would tell; see `Capture`. */
  readonly otherBaselines?: number;
};

/** A disk that is not captured, and why. */
export type SkippedDisk = { readonly id: DiskId; readonly reason: string };
