import { type BlockReader, type ByteRange, type Extent, SendenseError } from '@sendense/core';
import { unlessAborted } from '../unless-aborted.ts';
import { GrainWindow, notOpen } from './grain-window.ts';
import type { Grain } from './inflate-grains.ts';

/** Copies ask for extents at most so far ahead of their reads; beyond it nothing is received for extents. */
const MOST_AHEAD_BYTES = 16 * 1024 * 1024;
/** What is not known yet is told in pieces of this size, so that it is known again when reads have caught up. */
const UNKNOWN_BYTES = 1024 * 1024;

const LIMITS = { alignmentBytes: 1, maxBytes: 8 * 1024 * 1024, maxInFlight: 1, order: 'ascending' } as const;

/** A disk that is received once from its start to its end. Reads go forwards and may leave parts out. */
export function streamDisk(
  grains: AsyncIterable<Grain>,
  sizeBytes: number,
  close: () => Promise<void>,
): BlockReader {
  const window = new GrainWindow(grains, sizeBytes);
  let position = 0;
  let closed = false;
  return {
    sizeBytes,
    limits: LIMITS,
    async read(offset, into, call) {
      if (closed) throw notOpen();
      if (offset < position) throw isBehind(offset, position);
      const end = offset + into.byteLength;
      // what is left out is let go as it comes, not held until the read begins
      for (let at = position; at < offset; at = Math.min(offset, at + UNKNOWN_BYTES)) {
        await unlessAborted(window.reach(at), call?.signal, 'read-disk');
        position = at;
        window.take(at, new Uint8Array());
      }
      await unlessAborted(window.reach(end), call?.signal, 'read-disk');
      position = end;
      window.take(offset, into);
    },
    extents: (range, call) => told(window, range, () => position, call?.signal),
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      await close();
      await window.close().catch(() => undefined);
    },
  };
}

/** Grains are data and what is between them zeros; what was read already, or is too far ahead to be known, may be data. */
async function* told(
  window: GrainWindow,
  { offset, length }: ByteRange,
  position: () => number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Extent, void, undefined> {
  const end = offset + length;
  let known = 0;
  for (let at = offset; at < end; ) {
    let next = Math.min(end, at + UNKNOWN_BYTES);
    let kind: Extent['kind'] = 'data';
    if (at >= position()) {
      // a far range is not waited for beyond the limit: all before it would be held for reads that may come
      while (known <= at && window.heldBytes < MOST_AHEAD_BYTES)
        known = await unlessAborted(window.more(), signal, 'list-extents');
      const grain = window.after(at);
      // the position may have moved meanwhile: then what was let go is not known to be zeros
      if (known > at && at >= position()) {
        kind = grain !== undefined && grain.start <= at ? 'data' : 'zero';
        const until =
          grain === undefined ? known : kind === 'data' ? grain.start + grain.data.byteLength : grain.start;
        next = Math.min(end, Math.max(until, at + 1));
      }
    }
    yield { offset: at, length: next - at, kind };
    at = next;
  }
}

function isBehind(offset: number, position: number): SendenseError {
  return new SendenseError('RANGE_INVALID', 'a disk that is streamed is read from its start to its end', {
    operation: 'read-disk',
    context: { offset, position },
  });
}
