import type { MachineKey, PointId, StreamId } from '../values/identifiers.ts';

/** Which points; all given fields must hold. `from`/`to` bound the instant, inclusive. */
export type PointFilter = {
  readonly machine?: MachineKey;
  readonly stream?: StreamId;
  readonly from?: Date;
  readonly to?: Date;
};

/** What to verify. `sample`, `budgetMs` and `resume` require `partialVerify`. */
export type VerifyScope = {
  readonly points?: readonly PointId[];
  /** `structure` reads metadata only; `data` also every stored byte. */
  readonly depth: 'structure' | 'data';
  /** With depth `data`: the part of the stored data that is read, above 0, at most 1; each byte has the same chance. Default 1. */
  readonly sample?: number;
  /**
   * Stops, telling so as a `verify-stopped` warning, when this time is over; a verification that is resumed again and again reaches
   * its end however short it is.
   */
  readonly budgetMs?: number;
  /**
   * Goes on where an earlier verification of the same scope stopped: a cursor of its coverage. What that one found is not told again, but
   * for what is looked at anew each time; that there was some is: as an error, `damage-told-before`.
   */
  readonly resume?: string;
  /** Learns how far it is: now and then, and at the end, also of one that breaks off. Must not throw. */
  readonly onCoverage?: (coverage: VerifyCoverage) => void;
};

/** How far a verification is; told by repositories with `partialVerify`. */
export type VerifyCoverage = {
  /** Points that were gone through, by this verification and those that it resumes; oldest first, without those deleted since. */
  readonly checked: readonly PointId[];
  /** Those of the scope that are not; one of them may have been begun. */
  readonly left: readonly PointId[];
  /** The part of the data that is read, see {@link VerifyScope}. */
  readonly sample: number;
  /** For `resume`; `null` once nothing is left. */
  readonly cursor: string | null;
};

/** What a repository takes. */
export type RepositoryUsage = {
  readonly points: number;
  readonly machines: number;
  /** Bytes stored, metadata included. */
  readonly storedBytes: number;
  /** Sum of the disks' sizes over all points. */
  readonly logicalBytes: number;
  /** Of the storage below; `null` where it has no such limit. */
  readonly totalBytes: number | null;
  readonly availableBytes: number | null;
};
