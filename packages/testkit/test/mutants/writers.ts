import type { BlockWriter } from '@sendense/core';
import {
  blockWriterConformance,
  createMemoryDisk,
  type DiskContent,
  openMemoryReader,
  overlay,
  type Runner,
} from '../../src/index.ts';
import type { Mutant } from './mutant.ts';

type Change = (writer: BlockWriter, content: DiskContent) => BlockWriter;

export const writerMutants: readonly Mutant<Change>[] = [
  {
    breaks: 'keeps a reference to the caller`s buffer',
    caughtBy: 'has taken the bytes when write resolves',
    change: (writer) => {
      const kept: [number, Uint8Array][] = [];
      return overlay(writer, {
        write: async (offset, data) => void kept.push([offset, data]),
        async flush(call) {
          for (const [offset, data] of kept.splice(0)) await writer.write(offset, data, call);
          await writer.flush(call);
        },
      });
    },
  },
  {
    breaks: 'flushes nothing',
    caughtBy: 'has stored what was written when flush resolves',
    change: (writer) => overlay(writer, { flush: async () => undefined }),
  },
  {
    breaks: 'takes a range of zeros over data for unchanged',
    caughtBy: 'makes a range zeros, whatever was under it and however long it is',
    change: (writer) => overlay(writer, { zero: async () => undefined }),
  },
  {
    breaks: 'makes only maxBytes of a long range zeros',
    caughtBy: 'makes a range zeros, whatever was under it and however long it is',
    change: (writer) =>
      overlay(writer, {
        zero: (offset, length, call) => writer.zero(offset, Math.min(length, writer.limits.maxBytes), call),
      }),
  },
  {
    breaks: 'makes a neighbouring sector zeros too',
    caughtBy: 'keeps data around a range that is made zeros',
    change: (writer) =>
      overlay(writer, {
        zero: (offset, length, call) =>
          writer.zero(Math.max(0, offset - 512), length + Math.min(offset, 512), call),
      }),
  },
  {
    breaks: 'goes on writing after an aborted write has settled',
    caughtBy: 'BlockWriter.write aborted under way changes nothing after it has settled',
    change: (writer, content) =>
      overlay(writer, {
        async write(offset, data, call) {
          await writer.write(offset, data).then(() => {
            if (call?.signal?.aborted !== true) return;
            setImmediate(() => content.write(offset, data));
            call.signal.throwIfAborted();
          });
        },
      }),
  },
  {
    breaks: 'finishes in the background after dispose',
    caughtBy: 'writes nothing more after it was disposed in the middle of a write',
    change: (writer, content) =>
      overlay(writer, {
        async [Symbol.asyncDispose]() {
          await writer[Symbol.asyncDispose]();
          setImmediate(() => content.write(0, new Uint8Array(512).fill(9)));
        },
      }),
  },
  {
    breaks: 'loses the tail of a write that is not a whole page',
    caughtBy: 'writes the last bytes of the disk',
    change: (writer) =>
      overlay(writer, {
        write: (offset, data, call) =>
          writer.write(
            offset,
            offset + data.byteLength === writer.sizeBytes ? data.subarray(0, 0) : data,
            call,
          ),
      }),
  },
  {
    breaks: 'takes no write after a flush',
    caughtBy: 'goes on after a flush, and flushes as often as it is asked',
    change: (writer) => {
      let flushed = false;
      return overlay(writer, {
        async write(offset, data, call) {
          if (!flushed) await writer.write(offset, data, call);
        },
        async flush(call) {
          flushed = true;
          await writer.flush(call);
        },
      });
    },
  },
  {
    breaks: 'is smaller than what it is to hold',
    caughtBy: 'declares the capabilities it has and limits that can be kept',
    change: (writer) => overlay(writer, { sizeBytes: writer.sizeBytes - 512 }),
  },
  {
    breaks: 'lets the earlier of two writes win',
    caughtBy: 'takes a later write over an earlier one',
    change: (writer) => {
      const calls: (() => Promise<void>)[] = [];
      return overlay(writer, {
        async write(offset, data, call) {
          const copy = Uint8Array.from(data);
          calls.unshift(() => writer.write(offset, copy, call));
        },
        async flush(call) {
          for (const run of calls.splice(0)) await run();
          await writer.flush(call);
        },
      });
    },
  },
];

export function registerWriter(runner: Runner, change: Change): void {
  blockWriterConformance(runner, {
    name: 'mutant',
    capabilities: {
      order: 'random',
      rewritable: true,
      untouched: 'base',
      durable: false,
      endpoint: false,
      copyFrom: false,
    },
    async open(sizeBytes, content) {
      const disk = createMemoryDisk({ sizeBytes, content });
      return { writer: change(disk.openWriter(), content), stored: async () => openMemoryReader(content) };
    },
  });
}
