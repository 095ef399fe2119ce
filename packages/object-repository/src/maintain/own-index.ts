import type { RepositoryContext } from '../context.ts';
import { fixedView } from '../index/index-view.ts';
import { AdaptiveWindow } from '../read/adaptive-window.ts';
import { ChunkSource } from '../read/chunk-source.ts';

/** What reads a map once needs its nodes once. */
const CACHE_BYTES = 2 * 1024 * 1024;

/**
 * The repository with an index of its own, for whom notes things by places in it: backups and restores of the same process load
 * more into the shared one, and places move. Its chunks are read anew: a cache would hide what is damaged since.
 */
export function withOwnIndex(context: RepositoryContext): RepositoryContext & AsyncDisposable {
  const { store, codec, clock, log } = context;
  const index = context.openIndex();
  const chunks = new ChunkSource({
    store,
    codec,
    index: fixedView(index, context.index),
    window: new AdaptiveWindow(clock),
    cacheBytes: CACHE_BYTES,
    log,
  });
  return { ...context, index, chunks, [Symbol.asyncDispose]: () => index[Symbol.asyncDispose]() };
}
