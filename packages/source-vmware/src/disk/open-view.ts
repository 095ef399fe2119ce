import type { ByteRange, Call, DiskView, Finding } from '@sendense/core';
import type { ManagedObject } from '@sendense/platform-vmware';
import type { DecidedDisk } from '../capture-plan.ts';
import type { Connection, SourceContext } from '../context.ts';
import { openByWays, transportFindings } from '../transport/transport.ts';
import { type FrozenPlace, waysOf } from '../transport/ways.ts';
import { areasInUse, withKnownZeros } from './known-zeros.ts';

/** A disk with what is to be told of how it is read. */
export type OpenedView = { readonly view: DiskView; readonly findings: readonly Finding[] };

/** Opens a disk of a snapshot with what is to be copied of it. */
export async function openView(
  context: SourceContext,
  connection: Connection,
  { now, choice: { changes } }: DecidedDisk,
  place: FrozenPlace,
  call?: Call,
): Promise<OpenedView> {
  const { id, disk } = now;
  const { slot, sizeBytes } = disk;
  const opened = await openByWays(waysOf(context, connection, disk, place), call);
  const { reader, transport } = opened;
  // a lease leaves out zeros by itself
  const isWanted = changes.kind === 'full' && transport !== 'lease';
  const areas = isWanted
    ? await usedAreas(context, connection, now, place.snapshot, call).catch(async (error: unknown) => {
        await reader[Symbol.asyncDispose]();
        throw error;
      })
    : undefined;
  const known = areas === undefined ? reader : withKnownZeros(reader, areas);
  return {
    view: { id, slot, sizeBytes, sectorBytes: 512, reader: known, changes },
    findings: transportFindings(id, opened),
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
