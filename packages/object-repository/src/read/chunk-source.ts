import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import type { IndexView } from '../index/index-view.ts';
import type { ChunkPlace } from '../index/table-page.ts';
import { packKey } from '../layout/object-keys.ts';
import type { ChunkCodec } from '../packs/chunk-codec.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { AdaptiveWindow } from './adaptive-window.ts';
import { ChunkCache } from './chunk-cache.ts';
import { type FrameRun, joinFrames, type WantedChunk } from './frame-runs.ts';

/** What a chunk source needs of its repository. */
export type ChunkSourceOptions = {
  readonly store: ObjectStore;
  readonly codec: ChunkCodec;
  readonly index: IndexView;
  readonly window: AdaptiveWindow;
  readonly cacheBytes: number;
};

/** Reads chunks by their ids: neighbours of a pack at once, several packs at a time, what was read lately from memory. */
export class ChunkSource {
  readonly #options: ChunkSourceOptions;
  readonly #cache: ChunkCache;

  constructor(options: ChunkSourceOptions) {
    this.#options = options;
    this.#cache = new ChunkCache(options.cacheBytes);
  }

  /** How many requests at once pay now. */
  get width(): number {
    return this.#options.window.width;
  }

  /** One chunk; see {@link ChunkSource.loadAll}. */
  async load(id: Uint8Array, call?: Call): Promise<Uint8Array> {
    const [chunk] = await Promise.all(this.loadAll([id]));
    throwIfAborted(call?.signal, 'read-chunks');
    return chunk ?? new Uint8Array();
  }

  /**
   * The chunks of `ids`, each checked against its id. Each rejects with `CORRUPT` naming the chunk when no copy of it can be
   * read, with what the store says when it does not answer. A request may serve several callers, so none can abort it.
   */
  loadAll(ids: readonly Uint8Array[]): readonly Promise<Uint8Array>[] {
    const missing: WantedChunk[] = [];
    const chunks = ids.map((id) =>
      this.#cache.get(id, () => {
        const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
        missing.push({ id: Uint8Array.from(id), resolve, reject });
        return promise;
      }),
    );
    if (missing.length > 0) void this.#fetchAll(missing);
    return chunks;
  }

  /** This copy of a chunk, never from memory; `undefined` when it is damaged or gone. Rejects as the store does. */
  async readCopy(id: Uint8Array, place: ChunkPlace): Promise<Uint8Array | undefined> {
    return (await this.#readWhole(id, place))?.chunk;
  }

  /** The frame of this copy, sealed as it is, once it was found to be the chunk of `id`; else as {@link ChunkSource.readCopy}. */
  async readFrame(id: Uint8Array, place: ChunkPlace): Promise<Uint8Array | undefined> {
    return (await this.#readWhole(id, place))?.frame;
  }

  async #readWhole(id: Uint8Array, { pack, offset, length }: ChunkPlace) {
    const { store, window } = this.#options;
    try {
      const frame = await window.run(() => store.get(packKey(pack), { offset, length }));
      return { frame, chunk: await this.#decode(frame, id) };
    } catch (error) {
      if (isLost(error)) return undefined;
      throw error;
    }
  }

  /** Settles every wanted chunk; never rejects. */
  async #fetchAll(wanted: readonly WantedChunk[]): Promise<void> {
    try {
      const placed: (WantedChunk & { readonly place: ChunkPlace })[] = [];
      for (const chunk of wanted) {
        const place = await this.#options.index.find(chunk.id);
        if (place === undefined) void this.#fetchAgain(chunk, new Set(), undefined);
        else placed.push({ ...chunk, place });
      }
      await Promise.all(joinFrames(placed).map((run) => this.#fetchRun(run)));
    } catch (error) {
      for (const { reject } of wanted) reject(error);
    }
  }

  async #fetchRun({ pack, offset, length, chunks }: FrameRun): Promise<void> {
    const { store, window } = this.#options;
    const key = packKey(pack);
    let bytes: Uint8Array;
    try {
      bytes = await window.run(() => store.get(key, { offset, length }));
    } catch (error) {
      await Promise.all(chunks.map((chunk) => this.#fetchAgain(chunk, new Set([pack]), error)));
      return;
    }
    await Promise.all(
      chunks.map(async (chunk) => {
        const at = chunk.place.offset - offset;
        try {
          chunk.resolve(await this.#decode(bytes.subarray(at, at + chunk.place.length), chunk.id));
        } catch (error) {
          await this.#fetchAgain(chunk, new Set([pack]), error);
        }
      }),
    );
  }

  /** Reads another copy, at last by what the store's index says now; settles the chunk. */
  async #fetchAgain(
    { id, resolve, reject }: WantedChunk,
    tried: Set<string>,
    failure: unknown,
  ): Promise<void> {
    const { index } = this.#options;
    try {
      if (failure !== undefined && !isLost(failure)) throw failure;
      for (const refresh of [false, true]) {
        if (refresh) await index.refresh();
        for (;;) {
          const place = await index.find(id, ({ pack }) => !tried.has(pack));
          if (place === undefined) break;
          tried.add(place.pack);
          const chunk = await this.readCopy(id, place);
          if (chunk === undefined) continue;
          resolve(chunk);
          return;
        }
      }
      throw lostChunk(id, tried, index.damaged.size, failure);
    } catch (error) {
      reject(error);
    }
  }

  #decode(frame: Uint8Array, id: Uint8Array): Promise<Uint8Array> {
    return this.#options.codec.decode(frame, id);
  }
}

/** Whether a copy of a chunk is gone for good; anything else may be better the next time. */
function isLost(error: unknown): boolean {
  return (['CORRUPT', 'NOT_FOUND', 'RANGE_INVALID'] as const).some((code) => SendenseError.is(error, code));
}

function lostChunk(
  id: Uint8Array,
  packs: ReadonlySet<string>,
  damaged: number,
  cause: unknown,
): SendenseError {
  const name = Buffer.from(id).toString('hex');
  const object = [...packs].map(packKey).join(', ');
  const where = packs.size === 0 ? 'no index object names it' : `its copy in ${object} is damaged or gone`;
  return new SendenseError('CORRUPT', `the chunk ${name} cannot be read: ${where}`, {
    operation: 'read-chunks',
    remedy:
      damaged > 0 || packs.size === 0
        ? 'make the index anew with "repository rebuild-index", then repeat'
        : 'run verify to see which points are hurt',
    context: { chunk: name, object },
    cause,
  });
}
