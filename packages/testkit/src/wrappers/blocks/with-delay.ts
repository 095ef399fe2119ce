import { type BlockReader, type BlockWriter, type Call, throwIfAborted } from '@sendense/core';
import type { TestClock } from '../../memory/test-clock.ts';
import { overlay } from '../../overlay.ts';

/** Waits before a call of `length` bytes. It decides what waiting is: a test's clock, or real time. */
export type Delay = (length: number, call: Call | undefined) => Promise<void>;

/** No real waiting: each call moves `clock` by a latency and by what its bytes take at a rate. */
export function clockDelay(
  clock: TestClock,
  latencyMs: number,
  bytesPerSecond = Number.POSITIVE_INFINITY,
): Delay {
  return async (length, call) => {
    throwIfAborted(call?.signal, 'wait');
    clock.advance(latencyMs + (length / bytesPerSecond) * 1000);
  };
}

/** A peer that answers only after `delay`. */
export function slowReader(inner: BlockReader, delay: Delay): BlockReader {
  return overlay(inner, {
    async read(offset, into, call) {
      await delay(into.byteLength, call);
      await inner.read(offset, into, call);
    },
  });
}

/** A destination that takes bytes only after `delay`. */
export function slowWriter(inner: BlockWriter, delay: Delay): BlockWriter {
  return overlay(inner, {
    async write(offset, data, call) {
      await delay(data.byteLength, call);
      await inner.write(offset, data, call);
    },
    async zero(offset, length, call) {
      await delay(0, call);
      await inner.zero(offset, length, call);
    },
    async flush(call) {
      await delay(0, call);
      await inner.flush(call);
    },
  });
}
