import type { Call, DiskView, LogSink } from '@sendense/core';
import type { DecidedDisk } from './capture-plan.ts';
import type { FrozenDisk } from './host/machine-host.ts';

/** Connects to a frozen disk. The view's reader owns the connection. */
export async function openDiskView(
  { disk, choice }: DecidedDisk,
  frozen: FrozenDisk,
  log: LogSink | undefined,
  call?: Call,
): Promise<DiskView> {
  const { reader, changed } = await frozen.open(log, call);
  const { id, slot, sectorBytes } = disk;
  const view = { id, slot, sizeBytes: reader.sizeBytes, sectorBytes, reader };
  if (choice.kind === 'full' || changed === null) {
    const { reason, detail } =
      choice.kind === 'full' ? choice : { reason: 'tracking-lost', detail: 'the host gave no changes' };
    return { ...view, changes: { kind: 'full', reason, detail } };
  }
  return { ...view, changes: { kind: 'incremental', since: choice.since, extents: changed } };
}
