import type { Finding, PlannedDisk, RollbackReport } from '@sendense/core';
import type { PackageRoom } from './package-memory.ts';

/** Where the VMDK of a disk lies while the package is unfinished. */
export type DiskPlace = { readonly path: string; readonly offset: number };

/** How an unfinished package lies on the storage: one file, or a folder of files. */
export interface PackageLayout {
  /** What is left free for descriptor and manifest; `undefined` where they are files of their own. */
  readonly room: PackageRoom | undefined;
  /** Makes the file or folder; what an earlier attempt of the same plan left goes first. */
  create(): Promise<void>;
  /** Where the next disk is written; its file is there. */
  begin(disk: PlannedDisk): Promise<DiskPlace>;
  /** Called when the VMDK of a disk is there from `offset` on and has `sizeBytes`, before it is made durable. */
  end(disk: PlannedDisk, place: DiskPlace, sizeBytes: number): Promise<void>;
  /** Where a whole disk lies below `path`, the package with its first or its final name. */
  file(disk: PlannedDisk, path: string): string;
  /** Writes descriptor and manifest, and makes all durable. Repeatable. */
  finish(): Promise<void>;
  /**
   * Gives the finished package its name, durably. Repeatable. Rejects with `ALREADY_EXISTS` where what has the name is no package;
   * resolves with what stays of the one that was replaced.
   */
  publish(isPublished: boolean): Promise<readonly Finding[]>;
  /** Removes the unfinished package, and puts back what it was to replace; resolves with what was removed, and what stays. */
  remove(): Promise<RollbackReport>;
}
