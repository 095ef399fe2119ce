import type { Call } from '../values/call.ts';
import type { Finding } from '../values/finding.ts';
import type { MachineKey, PointId } from '../values/identifiers.ts';
import type { RecoveryPoint } from './recovery-point.ts';
import type { RetentionPolicy } from './retention-policy.ts';

/** What a prune did, or would do. */
export type PruneReport = {
  readonly kept: readonly PointId[];
  readonly removed: readonly PointId[];
  readonly freedBytes: number;
  readonly findings: readonly Finding[];
};

/** Makes a point stand alone (`synthetic-full`), or take in the points between it and `onto` (`merge`). */
export type ConsolidateRequest =
  | { readonly kind: 'synthetic-full'; readonly point: PointId }
  | { readonly kind: 'merge'; readonly point: PointId; readonly onto: PointId };

/** What a consolidation made. */
export type ConsolidateReport = {
  readonly point: RecoveryPoint;
  readonly storedBytes: number;
  readonly freedBytes: number;
  readonly findings: readonly Finding[];
};

/** Deletes and rewrites; each call is resumable and safe beside writers and readers. */
export interface RepositoryMaintenance {
  /**
   * Removes a point.
   *
   * Requires: nothing.
   * Must: reject a held point with `IMMUTABLE`, one that others build on and cannot be merged into them with `CONFLICT`;
   * leave every other point's content as it was; be harmless when repeated after a crash.
   */
  delete(
    point: PointId,
    call?: Call,
  ): Promise<{ readonly removed: readonly PointId[]; readonly freedBytes: number }>;

  /**
   * Applies the policy to each machine and stream alone.
   *
   * Requires: nothing.
   * Receives: a policy that keeps something.
   * Must: keep every held point and each kept point's content; remove nothing on a dry run, and report what it would.
   */
  prune(policy: RetentionPolicy, options?: Call & PruneOptions): Promise<PruneReport>;

  /**
   * Rewrites a point.
   *
   * Requires: the member is there.
   * Must: leave the content, id and instant of every point as they were; be resumable after a crash; reject an unknown
   * point with `NOT_FOUND`, an `onto` that the point does not build on with `PARENT_MISSING`.
   */
  consolidate?(request: ConsolidateRequest, call?: Call): Promise<ConsolidateReport>;

  /**
   * Pins a point, or notes a sentence on it.
   *
   * Requires: the member is there.
   * Must: be atomic and durable; change nothing else; reject an unknown point with `NOT_FOUND`.
   */
  annotate?(point: PointId, change: PointAnnotation, call?: Call): Promise<RecoveryPoint>;
}

/** Limits of a prune. */
export type PruneOptions = { readonly dryRun?: boolean; readonly machine?: MachineKey };

/** What of a point's record may change after commit. */
export type PointAnnotation = { readonly held?: boolean; readonly note?: string | null };
