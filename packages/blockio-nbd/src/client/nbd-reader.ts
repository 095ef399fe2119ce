import type {
  BlockLimits,
  BlockReader,
  ByteRange,
  Call,
  Extent,
  LocatedRange,
  NbdEndpoint,
} from '@sendense/core';
import { AllocationFlag } from '../protocol/index.ts';
import { blockLimits } from './block-limits.ts';
import type { NbdExport } from './nbd-export.ts';

/** Context by which a server tells which ranges read as zeros. */
export const ALLOCATION_CONTEXT = 'base:allocation';

/** What flags of {@link ALLOCATION_CONTEXT} say of a range: proven zeros, or anything else. */
export function allocationKind(flags: number | bigint): Extent['kind'] {
  return (BigInt(flags) & BigInt(AllocationFlag.zero)) === 0n ? 'data' : 'zero';
}

/** How a reader is opened. */
export type NbdReaderOptions = {
  /**
   * The export, when the server is known to let another client in as long as the reader is open: then drivers may read
   * there by themselves.
   */
  readonly endpoint?: NbdEndpoint;
};

/**
 * Reads an export, which the reader owns from now on. Zeros are known when context `base:allocation` was granted; else
 * everything is data. The bytes are as frozen as the export.
 */
export function openNbdReader(source: NbdExport, { endpoint }: NbdReaderOptions = {}): BlockReader {
  const limits: BlockLimits = blockLimits(source);
  const reader = {
    sizeBytes: source.sizeBytes,
    limits,
    read: (offset: number, into: Uint8Array, call?: Call) => source.read(offset, into, call),
    extents: (range: ByteRange, call?: Call) => extents(source, range, call),
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
  if (endpoint === undefined) return reader;
  return { ...reader, locate: (range) => located(range, endpoint) };
}

async function* extents(
  source: NbdExport,
  range: ByteRange,
  call: Call | undefined,
): AsyncGenerator<Extent, void, undefined> {
  if (!source.contexts.includes(ALLOCATION_CONTEXT)) {
    yield { ...range, kind: 'data' };
    return;
  }
  for await (const { offset, length, flags } of source.blockStatus(ALLOCATION_CONTEXT, range, call))
    yield { offset, length, kind: allocationKind(flags) };
}

async function* located(
  range: ByteRange,
  endpoint: NbdEndpoint,
): AsyncGenerator<LocatedRange, void, undefined> {
  yield { ...range, at: { endpoint, offset: range.offset } };
}
