import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Call, isZeroBytes, throwIfAborted } from '@sendense/core';
import { loadKeyedBlake3 } from '../digest/keyed-blake3.ts';
import { limitConcurrency } from '../flow/limit-concurrency.ts';
import type { CheckedChunkerOptions } from './check-chunker-options.ts';
import { decodeBody, encodeBody } from './chunk-body.ts';
import { type ChunkWork, damagedChunk, misnamedChunk } from './chunk-work.ts';
import { packFrames } from './packed-frames.ts';
import { openBody, sealBody } from './seal-body.ts';

/** Node compresses on four threads. */
const THREADS = 4;

/** Work in TypeScript: compression beside the event loop, digests and encryption on it, chunk by chunk. */
export function createPortableWork(options: CheckedChunkerOptions): ChunkWork {
  const { chunkBytes, idKey, dataKey, zstdLevel } = options;
  const loaded = loadKeyedBlake3(idKey);
  const decodeOne = async (frame: Uint8Array) => {
    try {
      return await decodeBody(openBody(frame, dataKey), chunkBytes);
    } catch (cause) {
      throw damagedChunk(cause);
    }
  };
  return {
    async name(chunks, call) {
      const digest = await loaded;
      const ids = await eachOf(chunks, 'read-chunks', call, async (chunk) => {
        await nextTurn(); // a digest takes milliseconds: others get a turn in between
        return digest(chunk);
      });
      return {
        ids: Buffer.concat(ids),
        zero: Uint8Array.from(chunks, (chunk) => (isZeroBytes(chunk) ? 1 : 0)),
      };
    },
    async encode(chunks, into, call) {
      const encode = async (chunk: Uint8Array) => sealBody(await encodeBody(chunk, zstdLevel), dataKey);
      return packFrames(await eachOf(chunks, 'encode-chunks', call, encode), into);
    },
    async decode(frames, call) {
      return Buffer.concat(await eachOf(frames, 'decode-chunks', call, decodeOne));
    },
    async decodeInto(frame, id, into, { signal }) {
      const digest = await loaded;
      const chunk = await decodeOne(frame);
      throwIfAborted(signal, 'decode-chunks');
      if (Buffer.compare(digest(chunk), id) !== 0) throw misnamedChunk();
      into.set(chunk);
      return chunk.byteLength;
    },
  };
}

/** Runs `work` on a few items at once; rejects with the first failure when nothing is under way, and starts nothing after it. */
async function eachOf(
  items: readonly Uint8Array[],
  operation: string,
  { signal }: Call,
  work: (item: Uint8Array) => Promise<Uint8Array>,
): Promise<Uint8Array[]> {
  const limited = limitConcurrency(THREADS);
  let failure: { readonly error: unknown } | undefined;
  const run = (item: Uint8Array): Promise<Uint8Array> =>
    limited(async () => {
      if (failure !== undefined) return item;
      try {
        throwIfAborted(signal, operation);
        return await work(item);
      } catch (error) {
        failure = { error };
        return item;
      }
    });
  const done = await Promise.all(items.map(run));
  if (failure !== undefined) throw failure.error;
  return done;
}
