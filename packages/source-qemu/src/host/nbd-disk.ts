import { connectNbd, type NbdExport, openNbdReader } from '@sendense/blockio-nbd/client';
import type { BlockReader, Call, Extent, NbdEndpoint } from '@sendense/core';
import type { FrozenDisk } from './machine-host.ts';

const ALLOCATION = 'base:allocation';

/** Enough to keep a disk busy while one connection's answer is hashed and written; more gained nothing. */
const CONNECTIONS = 2;

/** Flag of a dirty range in the contexts of QEMU's bitmaps (docs/interop/nbd of QEMU). */
const DIRTY = 1n;

/** A frozen disk that an NBD server serves. */
export type NbdDiskOptions = Pick<FrozenDisk, 'id' | 'tracked'> & {
  readonly endpoint: NbdEndpoint;
  /** The meta context that calls dirty what changed; `null` for a full. */
  readonly dirtyContext: string | null;
};

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

/** A frozen disk behind `endpoint`. Nothing is connected before `open`. */
export function nbdDisk({ id, tracked, endpoint, dirtyContext }: NbdDiskOptions): FrozenDisk {
  return {
    id,
    tracked,
    async open(log, call) {
      const contexts = dirtyContext === null ? [ALLOCATION] : [ALLOCATION, dirtyContext];
      const options = { ...endpoint, contexts, connections: CONNECTIONS };
      const nbd = await connectNbd({ ...options, ...(log === undefined ? {} : { log }) }, call);
      const reader = openNbdReader(nbd, { endpoint });
      if (dirtyContext === null) return { reader, changed: null };
      return { reader, changed: (inner) => changedExtents({ nbd, reader }, dirtyContext, inner) };
    },
  };
}
