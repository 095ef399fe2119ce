import type { BlockReader, Call } from '@sendense/core';
import {
  type DatastoreFiles,
  type ManagedObject,
  readSnapshotDisks,
  type VimClient,
  type VimDisk,
} from '@sendense/platform-vmware';
import { openFrozenDisk } from './open-disk.ts';
import { openReopeningDisk } from './reopening-disk.ts';
import { checkSameChain } from './same-chain.ts';

/** Opens a disk by its files: as the capture found it, and after that as the server names its files then. */
export async function openByFiles(
  vim: VimClient,
  files: DatastoreFiles,
  { disk, snapshot }: { readonly disk: VimDisk; readonly snapshot: ManagedObject },
  call?: Call,
): Promise<BlockReader> {
  let isFirst = true;
  const open = async (inner?: Call): Promise<BlockReader> => {
    if (isFirst) {
      isFirst = false;
      return openFrozenDisk(vim, files, disk, inner);
    }
    const found = (await readSnapshotDisks(vim, snapshot, inner)).find(({ key }) => key === disk.key);
    checkSameChain(disk, found, snapshot);
    return openFrozenDisk(vim, files, found ?? disk, inner);
  };
  return openReopeningDisk(open, call);
}
