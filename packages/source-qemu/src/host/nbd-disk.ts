import {
  ALLOCATION_CONTEXT,
  allocationKind,
  type ContextNames,
  connectNbd,
  type NbdExport,
  openNbdReader,
} from '@sendense/blockio-nbd/client';
import type { Call, Extent, NbdEndpoint } from '@sendense/core';
import type { FrozenDisk } from './machine-host.ts';

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

/**
 * What the bitmap of `context` calls dirty, told apart into data and proven zeros of the same instant. Both are asked for in one
 * request for the whole disk: one for each dirty range takes longer than to read it.
 */
async function* changedExtents(nbd: NbdExport, context: string, call?: Call): AsyncGenerator<Extent> {
  const contexts: ContextNames = nbd.contexts.includes(ALLOCATION_CONTEXT)
    ? [context, ALLOCATION_CONTEXT]
    : [context];
  const all = { offset: 0, length: nbd.sizeBytes };
  for await (const { offset, length, flags } of nbd.jointStatus(contexts, all, call)) {
    const [dirty = 0, allocation = 0] = flags;
    if ((BigInt(dirty) & DIRTY) !== 0n) yield { offset, length, kind: allocationKind(allocation) };
  }
}

/** A frozen disk behind `endpoint`. Nothing is connected before `open`. */
export function nbdDisk({ id, tracked, endpoint, dirtyContext }: NbdDiskOptions): FrozenDisk {
  return {
    id,
    tracked,
    async open(log, call) {
      const contexts = dirtyContext === null ? [ALLOCATION_CONTEXT] : [ALLOCATION_CONTEXT, dirtyContext];
      const options = { ...endpoint, contexts, connections: CONNECTIONS };
      const nbd = await connectNbd({ ...options, ...(log === undefined ? {} : { log }) }, call);
      const reader = openNbdReader(nbd, { endpoint });
      if (dirtyContext === null) return { reader, changed: null };
      return { reader, changed: (inner) => changedExtents(nbd, dirtyContext, inner) };
    },
  };
}
