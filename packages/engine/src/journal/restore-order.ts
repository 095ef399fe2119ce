import type { Json, MachineRef, RestoreInto } from '@sendense/core';

/** What a target is asked for, without handles: journalled, to ask again when a check has to be repeated. */
export type RestoreOrder = {
  /** Default: `new-machine` where the target makes machines, else what it offers first. */
  readonly into?: RestoreInto;
  readonly existing?: MachineRef;
  /** Only these disks: ids, `disk-N` or `N`. Default all. */
  readonly disks?: readonly string[];
  readonly overwrite?: boolean;
  readonly start?: boolean;
  /** Options of the target, checked by its own schema. */
  readonly options?: Json;
};
