import type { BlockLimits } from '../../src/block/block-limits.ts';
import type { BlockReader } from '../../src/block/block-reader.ts';
import type { BlockWriter } from '../../src/block/block-writer.ts';
import type { Extent } from '../../src/values/extent.ts';

type Limits = Partial<BlockLimits>;

const limitsOf = (limits: Limits): BlockLimits => ({
  alignmentBytes: 1,
  maxBytes: 1 << 20,
  maxInFlight: 4,
  order: 'random',
  ...limits,
});

/** An AsyncIterable of fixed items. */
export async function* list<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** Lets other calls run between the start and the end of one. */
export const turns = (count: number): Promise<void> =>
  count === 0 ? Promise.resolve() : Promise.resolve().then(() => turns(count - 1));

/** A disk in memory that refuses every call its limits do not allow, and counts what is under way. */
export function memoryReader(bytes: Uint8Array, given: Limits = {}) {
  const limits = limitsOf(given);
  const seen = { inFlight: 0, most: 0, reads: 0, cursor: 0 };
  const reader: BlockReader = {
    sizeBytes: bytes.length,
    limits,
    async read(offset, into) {
      checkAccess(offset, into.length, bytes.length, limits);
      if (limits.order === 'ascending') {
        if (offset < seen.cursor || seen.inFlight > 0) throw new Error('the reader went back');
        seen.cursor = offset + into.length;
      }
      seen.reads += 1;
      seen.inFlight += 1;
      seen.most = Math.max(seen.most, seen.inFlight);
      await turns((seen.reads * 7) % 5);
      into.set(bytes.subarray(offset, offset + into.length));
      seen.inFlight -= 1;
    },
    extents: () => list<Extent>([{ offset: 0, length: bytes.length, kind: 'data' }]),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { reader, seen };
}

function checkAccess(
  offset: number,
  length: number,
  size: number,
  limits: BlockLimits,
  most = limits.maxBytes,
) {
  const end = offset + length;
  if (length <= 0 || offset < 0 || end > size) throw new Error(`outside: ${offset}+${length} of ${size}`);
  if (offset % limits.alignmentBytes !== 0) throw new Error(`misaligned offset ${offset}`);
  if (length % limits.alignmentBytes !== 0 && end !== size) throw new Error(`misaligned length ${length}`);
  if (length > most) throw new Error(`too long: ${length}`);
}

/** A disk in memory that is written; it checks its calls like {@link memoryReader}. */
export function memoryWriter(content: Uint8Array, given: Limits = {}, extra: Partial<BlockWriter> = {}) {
  const limits = limitsOf(given);
  const seen = {
    inFlight: 0,
    most: 0,
    calls: [] as { offset: number; length: number; zero: boolean }[],
    cursor: 0,
  };
  const take = async (offset: number, length: number, data: Uint8Array | undefined) => {
    checkAccess(offset, length, content.length, limits, data ? limits.maxBytes : Number.MAX_SAFE_INTEGER);
    if (limits.order === 'ascending') {
      if (offset < seen.cursor || seen.inFlight > 0) throw new Error('the writer was sent back');
      seen.cursor = offset + length;
    }
    seen.calls.push({ offset, length, zero: data === undefined });
    seen.inFlight += 1;
    seen.most = Math.max(seen.most, seen.inFlight);
    await turns((seen.calls.length * 5) % 7);
    if (data) content.set(data, offset);
    else content.fill(0, offset, offset + length);
    seen.inFlight -= 1;
  };
  const writer: BlockWriter = {
    sizeBytes: content.length,
    limits,
    rewritable: false,
    untouched: 'base',
    write: (offset, data) => take(offset, data.length, data),
    zero: (offset, length) => take(offset, length, undefined),
    flush: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
    ...extra,
  };
  return { writer, seen };
}
