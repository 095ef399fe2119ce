import { type Call, type LogSink, SendenseError, throwIfAborted } from '@sendense/core';
import { Budget } from '@sendense/plugin-kit';
import type { IndexView } from '../index/index-view.ts';
import type { ChunkPlace } from '../index/table-page.ts';
import { packKey } from '../layout/object-keys.ts';
import type { ChunkCodec, HeldChunk } from '../packs/chunk-codec.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { AdaptiveWindow } from './adaptive-window.ts';
import { ChunkCache } from './chunk-cache.ts';
import { type FrameRun, joinFrames, RUN_BYTES, type WantedChunk } from './frame-runs.ts';
import { RunRooms } from './run-rooms.ts';

/** Frames that were asked for and are not decoded yet: eight large runs, at 20 ms of latency enough for 1.6 GB a second. */
const AT_ONCE_BYTES = 8 * RUN_BYTES;

/** What readers have read before it is asked for, at most. */
const AHEAD_BYTES = 32 * 1024 * 1024;

/** What a chunk source needs of its repository. */
export type ChunkSourceOptions = {
  readonly store: ObjectStore;
  readonly codec: ChunkCodec;
  readonly index: IndexView;
  readonly window: AdaptiveWindow;
  readonly cacheBytes: number;
  readonly log: LogSink;
};

/** A reader that did not read ahead while others did so so many times has no share of what may be read ahead. */
const SHARE_TURNS = 64;

/** Reads chunks by their ids: neighbours of a pack at once, several packs at a time, what was read lately from memory. */
export class ChunkSource {
  readonly #options: ChunkSourceOptions;
  readonly #cache: ChunkCache;
  readonly #budget = new Budget(AT_ONCE_BYTES);
  readonly #rooms = new RunRooms();
  /** Whether the store uses the rooms that it is offered; supposed until it took no notice of one. */
  #usesRooms = true;
  #spoiledIsTold = false;
  /** Readers that read ahead, and when they last did: who did so longest ago in front. */
  readonly #readers = new Map<object, number>();
  #turn = 0;

  constructor(options: ChunkSourceOptions) {
    this.#options = options;
    this.#cache = new ChunkCache(options.cacheBytes);
  }

  /** How many requests at once pay now. */
  get width(): number {
    return this.#options.window.width;
  }

  /**
   * Bytes that `reader`, which reads ahead now, may have read ahead: its share among those that do so. More would drive each other
   * out of the cache before they are asked for.
   */
  aheadBytesOf(reader: object): number {
    this.#turn += 1;
    this.#readers.delete(reader);
    this.#readers.set(reader, this.#turn);
    for (const [other, turn] of this.#readers) {
      if (this.#turn - turn < SHARE_TURNS) break;
      this.#readers.delete(other);
    }
    return Math.min(AHEAD_BYTES, this.#options.cacheBytes / 2) / this.#readers.size;
  }

  /** `reader` reads no more. */
  forget(reader: object): void {
    this.#readers.delete(reader);
  }

  /** One chunk, in memory of the caller's own; see {@link ChunkSource.useAll}. */
  async load(id: Uint8Array, call?: Call): Promise<Uint8Array> {
    const [chunk] = await Promise.all(this.useAll([id], (bytes) => Uint8Array.from(bytes)));
    throwIfAborted(call?.signal, 'read-chunks');
    return chunk ?? new Uint8Array();
  }

  /**
   * What `use` makes of each chunk of `ids` as it comes, checked against its id; it is told the index, too. The bytes are there until
   * `use` returns, no longer. Each rejects with `CORRUPT` naming the chunk when no copy of it can be
   * read, with what the store says when it does not answer. A request may serve several callers, so none can abort it.
   */
  useAll<T>(ids: readonly Uint8Array[], use: (chunk: Uint8Array, index: number) => T): readonly Promise<T>[] {
    const missing: WantedChunk[] = [];
    const read = (id: Uint8Array) => () => {
      const { promise, resolve, reject } = Promise.withResolvers<HeldChunk>();
      missing.push({ id: Uint8Array.from(id), resolve, reject });
      return promise;
    };
    const used = ids.map((id, index) => this.#cache.use(id, read(id), (chunk) => use(chunk, index)));
    if (missing.length > 0) void this.#fetchAll(missing);
    return used;
  }

  /** Whether this copy is the chunk of `id`; never from memory. Rejects as the store does. */
  async isWhole(id: Uint8Array, place: ChunkPlace): Promise<boolean> {
    return (await this.readFrame(id, place)) !== undefined;
  }

  /** The frame of this copy, sealed as it is, once it was found to be the chunk of `id`; `undefined` when it is damaged or gone. */
  async readFrame(id: Uint8Array, place: ChunkPlace): Promise<Uint8Array | undefined> {
    const found = await this.#readCopy(id, place);
    found?.chunk.giveBack();
    return found?.frame;
  }

  async #readCopy(id: Uint8Array, { pack, offset, length }: ChunkPlace) {
    const { store, window, codec } = this.#options;
    try {
      const frame = await window.run(() => store.get(packKey(pack), { offset, length }));
      return { frame, chunk: await codec.decode(frame, id) };
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

  /** Settles the chunks of a run; those that could not be read there are read again when the others are done. */
  async #fetchRun(run: FrameRun): Promise<void> {
    const { pack, chunks } = run;
    const bytes = this.#usesRooms ? this.#rooms.bytesFor(run.length) : run.length;
    const failures = await this.#budget.run(bytes, () => this.#decodeRun(run));
    await Promise.all(
      chunks.map(async (chunk, index) => {
        const failure = failures[index];
        if (failure === undefined) return;
        const spoiled = failure.inRoom ? pack : undefined;
        await this.#fetchAgain(chunk, new Set(failure.inRoom ? [] : [pack]), failure.error, spoiled);
      }),
    );
  }

  /**
   * Reads and decodes a run; says by which failure each of its chunks is still to be settled. A frame that was damaged in a room is looked
   * at once more in memory of its own: a store that breaks its contract may have written there for somebody else.
   */
  async #decodeRun({ pack, offset, length, chunks }: FrameRun) {
    const { store, window, codec } = this.#options;
    let room: Uint8Array | undefined;
    let bytes: Uint8Array;
    try {
      bytes = await window.run(() => {
        if (this.#usesRooms) room = this.#rooms.take(length);
        return store.get(packKey(pack), { offset, length }, room && { into: room });
      });
    } catch (error) {
      return chunks.map(() => ({ error, inRoom: false })); // the room is not used again: a store that breaks its contract may still write
    }
    if (room !== undefined && bytes.buffer !== room.buffer) {
      this.#usesRooms = false;
      this.#rooms.give(room);
      room = undefined;
    }
    const failures = await Promise.all(
      chunks.map(async ({ id, place, resolve }) => {
        const at = place.offset - offset;
        try {
          resolve(await codec.decode(bytes.subarray(at, at + place.length), id));
          return undefined;
        } catch (error) {
          return { error, inRoom: room !== undefined };
        }
      }),
    );
    const isSpoiled = failures.some((failure) => failure !== undefined);
    if (room !== undefined && !isSpoiled) this.#rooms.give(room);
    return failures;
  }

  /** Reads another copy, or the one of the pack that was `spoiled` in a room, at last by what the store's index says now; settles the chunk. */
  async #fetchAgain(
    { id, resolve, reject }: WantedChunk,
    tried: Set<string>,
    failure: unknown,
    spoiled?: string,
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
          const found = await this.#readCopy(id, place);
          if (found === undefined) continue;
          if (place.pack === spoiled) this.#tellSpoiled(spoiled);
          resolve(found.chunk);
          return;
        }
      }
      throw lostChunk(id, tried, index.damaged.size, failure);
    } catch (error) {
      reject(error);
    }
  }

  /** Once for all chunks: the data are whole, but something on the way to them is not. */
  #tellSpoiled(pack: string): void {
    if (this.#spoiledIsTold) return;
    this.#spoiledIsTold = true;
    const message =
      'an object was damaged when it was read, and whole when it was read again: its store, its network or the memory of this machine is not to be trusted';
    this.#options.log({ level: 'warn', message, fields: { object: packKey(pack) } });
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
