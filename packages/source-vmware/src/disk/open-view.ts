import type { BlockReader, ByteRange, Call, DiskView } from '@sendense/core';
import { type ManagedObject, readSnapshotDisks, type VimDisk } from '@sendense/platform-vmware';
import type { DecidedDisk } from '../capture-plan.ts';
import type { Connection, SourceContext } from '../context.ts';
import { areasInUse, withKnownZeros } from './known-zeros.ts';
import { openFrozenDisk } from './open-disk.ts';
import { openReopeningDisk } from './reopening-disk.ts';
import { checkSameChain } from './same-chain.ts';

/** Opens a disk of a snapshot with what is to be copied of it. */
export async function openView(
  context: SourceContext,
  connection: Connection,
  { now, choice: { changes } }: DecidedDisk,
  snapshot: ManagedObject,
  call?: Call,
): Promise<DiskView> {
  const { id, disk } = now;
  const { slot, sizeBytes } = disk;
  const reader = await openReopeningDisk(openerOf(connection, disk, snapshot), call);
  const areas =
    changes.kind === 'full' ? await usedAreas(context, connection, now, snapshot, call) : undefined;
  const known = areas === undefined ? reader : withKnownZeros(reader, areas);
  return { id, slot, sizeBytes, sectorBytes: 512, reader: known, changes };
}

/** Opens the disk as the capture found it, and after that as the server names its files then. */
function openerOf(
  { vim, files }: Connection,
  disk: VimDisk,
  snapshot: ManagedObject,
): (call?: Call) => Promise<BlockReader> {
  let isFirst = true;
  return async (call) => {
    if (isFirst) {
      isFirst = false;
      return openFrozenDisk(vim, files, disk, call);
    }
    const found = (await readSnapshotDisks(vim, snapshot, call)).find(({ key }) => key === disk.key);
    checkSameChain(disk, found, snapshot);
    return openFrozenDisk(vim, files, found ?? disk, call);
  };
}

async function usedAreas(
  { options }: SourceContext,
  { vim }: Connection,
  { machine, disk }: DecidedDisk['now'],
  snapshot: ManagedObject,
  call?: Call,
): Promise<readonly ByteRange[] | undefined> {
  if (options.areasInUse === 'off' || !disk.thin || disk.changeId === undefined) return undefined;
  return areasInUse(vim, { machine, snapshot, deviceKey: disk.key, sizeBytes: disk.sizeBytes }, call);
}
