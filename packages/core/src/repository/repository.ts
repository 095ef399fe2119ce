import type { DiskView } from '../capture/disk-view.ts';
import type { Fence } from '../engine/fence.ts';
import type { Artifact } from '../machine/artifact.ts';
import type { RepositoryCapabilities } from '../plugin/capabilities.ts';
import type { Call } from '../values/call.ts';
import type { Finding } from '../values/finding.ts';
import type { PointId, RepositoryId } from '../values/identifiers.ts';
import type { PointDraft } from './point-draft.ts';
import type { PointWriter } from './point-writer.ts';
import type { PointFilter, RepositoryUsage, VerifyScope } from './queries.ts';
import type { RecoveryPoint } from './recovery-point.ts';
import type { RepositoryMaintenance } from './repository-maintenance.ts';

/** Keeps recovery points. */
export interface Repository extends AsyncDisposable {
  readonly specificationVersion: 'v1';
  readonly kind: string;
  readonly id: RepositoryId;
  readonly capabilities: RepositoryCapabilities;

  /**
   * Starts a point.
   *
   * Requires: `incremental` for a base (the guard sees to it); `branching` for a base that already has a child and
   * `growDisk` for a disk larger than its base (only the repository can tell: it rejects with `UNSUPPORTED`).
   * Receives: a draft with at least one disk, distinct disk ids, and disks within `maxDiskBytes`.
   * Must: hold the bases against prune until the writer ends; reject a missing base with `PARENT_MISSING`; reject a
   * taken sequence with `CONFLICT` here or at commit; show nothing of the point before commit.
   */
  begin(draft: PointDraft, fence: Fence, call?: Call): Promise<PointWriter>;

  /**
   * The recovery points.
   *
   * Requires: nothing.
   * Must: yield committed points only, each once, oldest first.
   */
  points(filter?: PointFilter, call?: Call): AsyncIterable<RecoveryPoint>;

  /**
   * Opens a point for random reads; with `since`, each disk's `changes` are those since that point where the
   * repository can tell, else full with a reason.
   *
   * Requires: nothing.
   * Must: reject an unknown point with `NOT_FOUND`; give the committed bytes for as long as it is open, whatever prune and
   * consolidate do.
   */
  open(point: PointId, options?: Call & { readonly since?: PointId }): Promise<PointReader>;

  /**
   * Looks for damage.
   *
   * Requires: `partialVerify` for a sample, a budget or a cursor to resume (the guard sees to it).
   * Receives: a sample above 0 and at most 1, and a budget of at least 1 ms.
   * Must: reject a cursor that is damaged, or of another repository or scope, with `CONFIG_INVALID`; find any flipped bit of the scope as an `error` finding, or prove it harmless; change nothing; go on after a
   * finding.
   */
  verify(scope: VerifyScope, call?: Call): AsyncIterable<Finding>;

  /** What the repository takes. Requires: nothing. Must: count committed points only; change nothing. */
  usage(call?: Call): Promise<RepositoryUsage>;

  /** Needs delete rights, so it has its own credentials. */
  readonly maintenance?: RepositoryMaintenance;
}

/** An open point: a hold that prune and consolidate wait for or work beside. */
export interface PointReader extends AsyncDisposable {
  readonly point: RecoveryPoint;
  readonly disks: readonly DiskView[];
  readonly artifacts: readonly Artifact[];
}
