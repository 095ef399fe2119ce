import { type BlockLimits, type BlockWriter, type ByteRange, SendenseError } from '@sendense/core';
import { Lifetime } from '../lifetime.ts';
import type { DiskContent } from './disk-content.ts';
import { MEMORY_LIMITS } from './memory-limits.ts';

/** How a memory writer behaves. */
export type MemoryWriterOptions = {
  readonly limits?: Partial<BlockLimits>;
  /** `false`: a byte written twice is refused. Default `true`. */
  readonly rewritable?: boolean;
  /** What `content` stands for before the first write. Default `base`. */
  readonly untouched?: BlockWriter['untouched'];
  /** Told of each range that a `flush` made durable. */
  readonly onDurable?: (range: ByteRange) => void;
  /** Offers `durable` with these ranges of an earlier attempt. */
  readonly durable?: readonly ByteRange[];
};

type Change = ByteRange & { readonly data: Uint8Array | null };

/**
 * Opens a writer over `content`. What was written reaches `content` with the next `flush` and is lost with a dispose
 * before it, so that a forgotten flush shows.
 */
export function openMemoryWriter(content: DiskContent, options: MemoryWriterOptions = {}): BlockWriter {
  const limits = { ...MEMORY_LIMITS, ...options.limits };
  const rewritable = options.rewritable ?? true;
  const lifetime = new Lifetime('memory writer');
  const pending: Change[] = [];
  const written: ByteRange[] = [];
  const { durable } = options;

  const take = (change: Change): void => {
    if (!rewritable) checkWrittenOnce(written, change);
    pending.push(change);
  };
  return {
    sizeBytes: content.sizeBytes,
    limits,
    rewritable,
    untouched: options.untouched ?? 'base',
    async write(offset, data, call) {
      await lifetime.enter('write', call);
      take({ offset, length: data.byteLength, data: Uint8Array.from(data) });
    },
    async zero(offset, length, call) {
      await lifetime.enter('zero', call);
      take({ offset, length, data: null });
    },
    async flush(call) {
      await lifetime.enter('flush', call);
      for (const change of pending.splice(0)) {
        apply(content, change);
        options.onDurable?.({ offset: change.offset, length: change.length });
      }
    },
    ...(durable === undefined ? {} : { durable: () => asyncRanges(durable) }),
    async [Symbol.asyncDispose]() {
      lifetime.close();
      pending.length = 0;
    },
  };
}

function apply(content: DiskContent, { offset, length, data }: Change): void {
  if (data === null) content.zero(offset, length);
  else content.write(offset, data);
}

function checkWrittenOnce(written: ByteRange[], range: ByteRange): void {
  const twice = written.some(
    (other) => other.offset < range.offset + range.length && range.offset < other.offset + other.length,
  );
  if (twice) {
    throw new SendenseError('RANGE_INVALID', `the bytes at ${range.offset} were already written`, {
      operation: 'check-order',
      context: { offset: range.offset, length: range.length },
    });
  }
  written.push({ offset: range.offset, length: range.length });
}

async function* asyncRanges(ranges: readonly ByteRange[]): AsyncGenerator<ByteRange> {
  yield* ranges;
}
