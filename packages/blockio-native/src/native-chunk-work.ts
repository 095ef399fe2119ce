import { abortedError, type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { type CreateChunkWork, damagedChunk, misnamedChunk } from '@sendense/plugin-kit/chunks';
import type { ChunkAddon, ChunkFailure, ChunkStop } from './chunk-addon.ts';

type Fallible = { readonly failure?: ChunkFailure };

/** Chunk work on native threads, beside the event loop. An abort takes effect after the chunk that each thread is at. */
export function nativeChunkWork(addon: ChunkAddon, threads: number): CreateChunkWork {
  return (options) => {
    const native = new addon.NativeChunks({ ...options, threads });
    const run = <T extends Fallible>(operation: string, call: Call, start: (stop: ChunkStop) => Promise<T>) =>
      stoppable(addon, operation, call, start);
    return {
      async name(chunks, call) {
        const { ids, zero } = await run('read-chunks', call, (stop) => native.name(chunks, stop));
        return { ids: given(ids), zero: given(zero) };
      },
      async encode(chunks, into, call) {
        return given((await run('encode-chunks', call, (stop) => native.encode(chunks, into, stop))).lengths);
      },
      async decode(frames, call) {
        return given((await run('decode-chunks', call, (stop) => native.decode(frames, stop))).bytes);
      },
      async decodeInto(frame, id, into, call) {
        const { lengths } = await run('decode-chunks', call, (stop) =>
          native.decodeInto(frame, id, into, stop),
        );
        return given(lengths?.[0]);
      },
    };
  };
}

async function stoppable<T extends Fallible>(
  addon: ChunkAddon,
  operation: string,
  { signal }: Call,
  start: (stop: ChunkStop) => Promise<T>,
): Promise<T> {
  throwIfAborted(signal, operation);
  const stop = new addon.ChunkStop();
  const ask = (): void => stop.ask();
  signal?.addEventListener('abort', ask, { once: true });
  try {
    const result = await start(stop);
    if (result.failure === undefined) return result;
    throw chunkError(result.failure, operation, signal);
  } finally {
    signal?.removeEventListener('abort', ask);
  }
}

function chunkError(
  failure: ChunkFailure,
  operation: string,
  signal: AbortSignal | undefined,
): SendenseError {
  if (failure === 'damaged') return damagedChunk();
  if (failure === 'misnamed') return misnamedChunk();
  if (failure === 'stopped') return abortedError(operation, signal);
  const message =
    failure === 'no-random'
      ? 'the system gave no random bytes to encrypt with'
      : 'the native code met a case it does not know';
  return new SendenseError('UNEXPECTED', message, {
    operation,
    remedy: 'report this with the steps that lead to it; without native code the same work can be done',
  });
}

/** What the addon gives whenever it tells of no failure. */
function given<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('the addon gave neither a result nor a failure');
  return value;
}
