import { type ChunkBatch, Secret, SendenseError } from '@sendense/core';
import { chunkerConformance, createMemoryDriver, overlay, type Runner } from '../../src/index.ts';
import { type ChunkerChange, memoryChunkerSubject } from '../memory-chunker-subject.ts';
import type { Mutant } from './mutant.ts';

/** Changes every batch. */
const reading =
  (change: (batch: ChunkBatch) => ChunkBatch): ChunkerChange =>
  (chunker) => {
    const own = new WeakMap<ChunkBatch, ChunkBatch>();
    return overlay(chunker, {
      async read(...given) {
        const batch = await chunker.read(...given);
        const changed = change(batch);
        own.set(changed, batch);
        return changed;
      },
      encode: (batch, ...given) => chunker.encode(own.get(batch) ?? batch, ...given),
    });
  };

/** A chunker with other keys, of the same driver as everything else. */
const keyed: (keys: { readonly id?: string; readonly data?: string }) => ChunkerChange =
  ({ id, data }) =>
  (chunker, options) =>
    createMemoryDriver().chunker?.({
      ...options,
      ...(id === undefined ? {} : { idKey: new Secret(id.repeat(64)) }),
      ...(data === undefined ? {} : { dataKey: new Secret(data.repeat(64)) }),
    }) ?? chunker;

export const chunkerMutants: readonly Mutant<ChunkerChange>[] = [
  {
    breaks: 'sorts the ranges it is given',
    caughtBy: 'cuts each range into chunks in its order, the last one shorter, none over two ranges',
    change: (chunker) =>
      overlay(chunker, {
        read(from, ranges, call) {
          const pairs = Array.from({ length: ranges.length / 2 }, (_, at) => [
            ...ranges.subarray(at * 2, at * 2 + 2),
          ]);
          const sorted = pairs.toSorted(([a = 0], [b = 0]) => a - b).flat();
          return chunker.read(from, Float64Array.from(sorted), call);
        },
      }),
  },
  {
    breaks: 'salts the ids of each batch',
    caughtBy: 'gives equal bytes equal ids and other bytes other ids, in every batch',
    change: (() => {
      let batches = 0;
      return reading((batch) => {
        batches += 1;
        return overlay(batch, { ids: batch.ids.map((byte) => byte ^ batches) });
      });
    })(),
  },
  {
    breaks: 'names chunks without the key',
    caughtBy: 'gives other ids with another key, and the same with another data key',
    change: keyed({ id: '0' }),
  },
  {
    breaks: 'looks at the first half of a chunk for zeros',
    caughtBy: 'tells chunks that are all zeros',
    change: reading((batch) => overlay(batch, { zero: batch.zero.map((_, at) => (at === 2 ? 1 : 0)) })),
  },
  {
    breaks: 'reads the wrong end of an endpoint',
    caughtBy: 'reads an endpoint as it reads a reader',
    change: (chunker) =>
      overlay(chunker, {
        read: (from, ranges, call) =>
          chunker.read(from, 'kind' in from ? ranges.map((n, at) => (at % 2 ? n - 512 : n)) : ranges, call),
      }),
  },
  {
    breaks: 'encodes in the order of the batch',
    caughtBy: 'gives back exactly the chunks that were wanted, in the order they were wanted in',
    change: (chunker) =>
      overlay(chunker, { encode: (batch, wanted, call) => chunker.encode(batch, wanted.toSorted(), call) }),
  },
  {
    breaks: 'does not compress',
    caughtBy: 'compresses what can be compressed, and blows nothing up',
    change: (chunker) =>
      overlay(chunker, {
        async encode(...given) {
          const frames = await chunker.encode(...given);
          const lengths = frames.lengths.map((length) => Math.max(length, 16_384));
          const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
          return { bytes, lengths };
        },
      }),
  },
  {
    breaks: 'encrypts with a nonce of the chunk',
    caughtBy: 'shows nothing of the bytes, and encrypts the same chunk differently each time',
    change: (() => {
      const known = new Map<string, Uint8Array>();
      return ((chunker) =>
        overlay(chunker, {
          async encode(batch, wanted, call) {
            const key = `${Buffer.from(batch.ids).toString('hex')} ${wanted.join()}`;
            const frames = await chunker.encode(batch, wanted, call);
            const bytes = known.get(key) ?? frames.bytes;
            known.set(key, bytes);
            return { ...frames, bytes };
          },
        })) satisfies ChunkerChange;
    })(),
  },
  {
    breaks: 'gives damaged frames as zeros',
    caughtBy: 'refuses frames with any flipped bit, and frames that were cut or lengthened',
    change: (chunker) =>
      overlay(chunker, {
        decode: (frames, call) => chunker.decode(frames, call).catch(() => new Uint8Array(32_768)),
      }),
  },
  {
    breaks: 'encrypts with a key of its own',
    caughtBy: 'refuses frames of another data key',
    change: keyed({ data: '0' }),
  },
  {
    breaks: 'keeps a batch after its encoding',
    caughtBy: 'frees a batch with its encoding, and when it is disposed',
    change: (chunker) => {
      const encoded = new WeakMap<ChunkBatch, Awaited<ReturnType<typeof chunker.encode>>>();
      return overlay(chunker, {
        async encode(batch, wanted, call) {
          const frames = encoded.get(batch) ?? (await chunker.encode(batch, wanted, call));
          encoded.set(batch, frames);
          return frames;
        },
      });
    },
  },
  {
    breaks: 'uses the memory of frames again at once',
    caughtBy: 'leaves frames as they are until they are disposed',
    change: (chunker) => {
      const memory = new Uint8Array(8 * 16_384);
      return overlay(chunker, {
        async encode(...given) {
          const { bytes, lengths } = await chunker.encode(...given);
          memory.set(bytes);
          return { bytes: memory.subarray(0, bytes.byteLength), lengths };
        },
      });
    },
  },
  {
    breaks: 'fills all of the room',
    caughtBy: 'puts the chunk of a frame at the start of the room, and leaves what is behind a chunk alone',
    change: (chunker) =>
      overlay(chunker, {
        async decodeInto(frame, id, into, call) {
          const length = await chunker.decodeInto(frame, id, into, call);
          into.fill(0, length);
          return length;
        },
      }),
  },
  {
    breaks: 'believes that a frame is the chunk that it should be',
    caughtBy: 'refuses a frame that is the chunk of another id',
    change: (chunker) =>
      overlay(chunker, {
        async decodeInto(frame, _id, into, call) {
          const chunk = await chunker.decode(
            { bytes: frame, lengths: Uint32Array.of(frame.byteLength) },
            call,
          );
          if (into.byteLength < 16_384)
            throw new SendenseError('RANGE_INVALID', 'no room', { operation: 'decode-chunks' });
          into.set(chunk);
          return chunk.byteLength;
        },
      }),
  },
  {
    breaks: 'gives a damaged frame as an empty chunk',
    caughtBy: 'refuses a frame with any flipped bit, and one that was cut, also when it decodes into room',
    change: (chunker) =>
      overlay(chunker, {
        decodeInto: (frame, id, into, call) =>
          chunker.decode({ bytes: frame, lengths: Uint32Array.of(frame.byteLength) }, call).then(
            () => chunker.decodeInto(frame, id, into, call),
            (error: unknown) => (SendenseError.is(error, 'CORRUPT') ? 0 : Promise.reject(error)),
          ),
      }),
  },
  {
    breaks: 'decodes into room that is too small',
    caughtBy: 'refuses room for less than a chunk, and writes nothing there',
    change: (chunker) =>
      overlay(chunker, {
        async decodeInto(frame, id, into, call) {
          const room = new Uint8Array(Math.max(16_384, into.byteLength));
          room.set(into);
          const length = await chunker.decodeInto(frame, id, room, call);
          into.set(room.subarray(0, into.byteLength));
          return length;
        },
      }),
  },
  {
    breaks: 'leaves out chunks that the batch does not have',
    caughtBy: 'refuses to encode a chunk that the batch does not have',
    change: (chunker) =>
      overlay(chunker, {
        encode: (batch, wanted, call) =>
          chunker.encode(
            batch,
            wanted.filter((index) => index < batch.lengths.length),
            call,
          ),
      }),
  },
];

export function registerChunker(runner: Runner, change: ChunkerChange): void {
  chunkerConformance(runner, memoryChunkerSubject('mutant', change));
}
