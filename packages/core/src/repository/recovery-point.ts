import type { ChangeState } from '../capture/change-state.ts';
import type { ArtifactName } from '../machine/artifact.ts';
import type { PointId } from '../values/identifiers.ts';
import type { DraftDisk, PointDraft } from './point-draft.ts';

/** A disk of a committed point. */
export type PointDisk = DraftDisk & {
  /** The N of `disk-N`, given to a `DiskId` once and never reused. */
  readonly number: number;
  /** Growth of the repository by this disk, metadata included. */
  readonly storedBytes: number;
  /** Sum of the extents that were written. */
  readonly writtenBytes: number;
  /** Where a person finds it (a file path); absent where there is no such thing. */
  readonly path?: string;
};

/** A committed recovery point. */
export interface RecoveryPoint extends Omit<PointDraft, 'disks' | 'note'> {
  readonly disks: readonly PointDisk[];
  /** The newest base among its disks; `null` when it stands alone. */
  readonly parentId: PointId | null;
  readonly storedBytes: number;
  readonly states: readonly ChangeState[];
  readonly artifacts: readonly { readonly name: ArtifactName; readonly sizeBytes: number }[];
  /** Pinned: `prune` and `delete` leave it alone. */
  readonly held: boolean;
  readonly note: string | null;
}
