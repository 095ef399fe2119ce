import { connectNbd, type NbdExport, openNbdReader } from '@sendense/blockio-nbd/client';
import type { BlockReader, Call, DiskView, Extent, LogSink } from '@sendense/core';
import type { DecidedDisk } from './capture-plan.ts';
import type { LiveDisk } from './host/machine-host.ts';

const ALLOCATION = 'base:allocation';

/** Enough to keep a disk busy while one connection's answer is hashed and written; more gained nothing. */
const CONNECTIONS = 2;

/** Flag of a dirty range in the contexts of QEMU's bitmaps (docs/interop/nbd of QEMU). */
const DIRTY = 1n;

/** What the bitmap of `context` calls dirty, told apart into data and proven zeros of the same instant. */
async function* changedExtents(
  source: { readonly nbd: NbdExport; readonly reader: BlockReader },
  context: string,
  call?: Call,
): AsyncGenerator<Extent> {
  const { nbd, reader } = source;
  for await (const run of nbd.blockStatus(context, { offset: 0, length: nbd.sizeBytes }, call)) {
    if ((BigInt(run.flags) & DIRTY) === 0n) continue;
    yield* reader.extents({ offset: run.offset, length: run.length }, call);
  }
}

/** Connects to a frozen disk. The view's reader owns the connection. */
export async function openLiveDisk(
  { disk, choice }: DecidedDisk,
  { endpoint, dirtyContext }: LiveDisk,
  log: LogSink | undefined,
  call?: Call,
): Promise<DiskView> {
  const contexts = dirtyContext === null ? [ALLOCATION] : [ALLOCATION, dirtyContext];
  const nbd = await connectNbd(
    { ...endpoint, contexts, connections: CONNECTIONS, ...(log === undefined ? {} : { log }) },
    call,
  );
  const reader = openNbdReader(nbd, { endpoint });
  const { id, slot } = disk;
  const view = { id, slot, sizeBytes: nbd.sizeBytes, sectorBytes: 512, reader } as const;
  if (choice.kind === 'full' || dirtyContext === null) {
    const { reason, detail } =
      choice.kind === 'full' ? choice : { reason: 'tracking-lost', detail: 'the host gave no changes' };
    return { ...view, changes: { kind: 'full', reason, detail } };
  }
  const extents = (inner?: Call) => changedExtents({ nbd, reader }, dirtyContext, inner);
  return { ...view, changes: { kind: 'incremental', since: choice.since, extents } };
}
