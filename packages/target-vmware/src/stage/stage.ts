import type { Call, PlannedDisk } from '@sendense/core';
import type { RestoreScope } from '../restore/restore-scope.ts';

/** A disk on its way to the datastore, forwards. What is not finished is nothing. */
export interface Stage {
  /** Id of the machine that holds the disk. */
  readonly carrier: string;
  write(offset: number, data: Uint8Array, call?: Call): Promise<void>;
  /** Everything was written; resolves with the disk's `[datastore] folder/name.vmdk`. */
  finish(call?: Call): Promise<string>;
  /** Breaks it off; what was made goes where that can be. Never rejects. */
  abandon(): Promise<void>;
}

/** Begins to send a disk; what an earlier attempt made of it is gone already. */
export type OpenStage = (scope: RestoreScope, disk: PlannedDisk, call?: Call) => Promise<Stage>;
