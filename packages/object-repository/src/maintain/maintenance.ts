import type { Call, RepositoryMaintenance } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { KeySource } from '../keys/key-source.ts';
import { addKey, type KeySlotInfo, listKeys, removeKey } from '../keys/rotate-keys.ts';
import { deletePoint, prune } from './prune.ts';
import { type RebuildReport, rebuildIndex } from './rebuild-index.ts';
import { type LockReport, renewLocks } from './renew-locks.ts';

/** What needs the right to delete, or to lock, beyond the contract. */
export interface ObjectMaintenance extends RepositoryMaintenance {
  /** Makes the index anew from the packs, also while backups run. Rejects with `LOCKED` while another one prunes. */
  rebuildIndex(call?: Call): Promise<RebuildReport>;
  /**
   * Locks all that the points need for as long as a point that is committed now would be: those that a policy keeps for longer. Needs no right
   * to delete. Rejects with `UNSUPPORTED` where nobody says how long points must live, or the store has no object lock.
   */
  renewLocks(call?: Call): Promise<LockReport>;
  /** The key slots, those that cannot be used too. */
  keys(call?: Call): Promise<readonly KeySlotInfo[]>;
  /** Adds a key slot and gives its id; rotation is to add the new key, then to remove the old one. No data is rewritten. */
  addKey(
    source: KeySource,
    options?: { readonly label?: string; readonly costLog2?: number },
    call?: Call,
  ): Promise<string>;
  /** Removes a key slot. Rejects with `NOT_FOUND`, with `CONFLICT` for the last whole one, `LOCKED` while another one prunes. */
  removeKey(id: string, call?: Call): Promise<void>;
}

/** The maintenance of an open repository. */
export function openMaintenance(context: RepositoryContext, masterKey: Uint8Array): ObjectMaintenance {
  return {
    delete: (point, call) => deletePoint(context, point, call),
    prune: (policy, options) => prune(context, policy, options),
    rebuildIndex: (call) => rebuildIndex(context, call),
    renewLocks: (call) => renewLocks(context, call),
    keys: (call) => listKeys(context, call),
    addKey: (source, options, call) => addKey(context, masterKey, source, options, call),
    removeKey: (id, call) => removeKey(context, id, call),
  };
}
