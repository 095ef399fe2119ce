import { SendenseError } from '@sendense/core';
import type { ManagedObject, VimDisk } from '@sendense/platform-vmware';

/**
 * Throws `INSTANT_LOST` unless a disk that stands on others lies in the files that it was opened in. When a snapshot below is
 * removed they are merged, and the next snapshot gives the name of one that is gone to a disk that is written to: a reader that goes by
 * names could have read that one. A disk that stands on none may move: its bytes are in one file that is never another's.
 */
export function checkSameChain(first: VimDisk, now: VimDisk | undefined, snapshot: ManagedObject): void {
  if (now === undefined)
    throw lost(snapshot, `the snapshot ${snapshot.id} does not hold "${first.label}" any more`);
  if (first.parents.length === 0) return;
  const [before, after] = [first, now].map(({ fileName, parents }) => JSON.stringify([fileName, ...parents]));
  if (before !== after)
    throw lost(
      snapshot,
      `a snapshot below "${first.label}" was removed, or its files moved, while it was read`,
    );
}

function lost({ id }: ManagedObject, message: string): SendenseError {
  return new SendenseError('INSTANT_LOST', message, {
    operation: 'read-disk',
    context: { snapshot: id },
    remedy: 'repeat the backup when no other backup of the machine runs and nobody removes its snapshots',
  });
}
