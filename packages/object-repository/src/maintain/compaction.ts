import { type Call, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { IndexedPack } from '../index/index-object.ts';
import type { PackIdSet } from '../index/pack-id-set.ts';
import type { ChunkPlace } from '../index/table-page.ts';
import { damagedObject } from '../keys/proven-json.ts';
import { packKey } from '../layout/object-keys.ts';
import { deleteUnlessLocked, lockedUntil } from '../store/locked-objects.ts';
import { PackWriter } from '../write/pack-writer.ts';
import { withDeletions } from './deletions.ts';
import type { CountingFrame, LivePacks } from './live-packs.ts';
import type { PruneLock } from './prune-lock.ts';
import { IndexWriter } from './rewrite-index.ts';

/** Frames read at once. */
const AT_ONCE = 4;
/** A pack counts for at least so much of what one prune copies: requests and lookups cost, too. */
const LEAST_PACK_BYTES = 1024 * 1024;
/** A pack that object lock keeps counts for so much: only its lock was asked for, and those behind it are to have their turn. */
const LOCKED_PACK_BYTES = LEAST_PACK_BYTES / 64;
/** One prune copies no more frames: where each lies is in memory until it was read back. */
const MOST_FRAMES = 131_072;

/** What a compaction asks and works with. */
export type CompactionRequest = {
  readonly live: LivePacks;
  /** Packs that are left as they are: verify found them damaged. */
  readonly avoided: readonly PackIdSet[];
  readonly lock: PruneLock;
};

/**
 * Copies what points need of packs that are mostly dead into new packs, so that those can be planned; see the format, section 4.
 * Frames are copied as they are, sealed, each once it was found to be the chunk of its id: what binds them is their key, not their pack.
 */
export class Compaction implements AsyncDisposable {
  readonly #context: RepositoryContext;
  readonly #request: CompactionRequest;
  readonly #packs: PackWriter;
  readonly #made: IndexedPack[] = [];
  readonly #copied: { readonly id: Uint8Array; readonly place: ChunkPlace }[] = [];
  readonly #emptied = new Set<string>();
  #leftBytes: number;
  #failure: { readonly error: unknown } | undefined;

  constructor(context: RepositoryContext, request: CompactionRequest) {
    this.#context = context;
    this.#request = request;
    this.#leftBytes = context.compaction.bytes;
    const deadline = {
      note: () => undefined,
      // copies that no index object names: the store may be full, and nobody makes the index anew while the lock is held
      remove: (packs: Iterable<string>) =>
        withDeletions(context, request.lock, async (turn) => {
          for (const pack of packs) {
            await turn({}, pack);
            await deleteUnlessLocked(context.store, packKey(pack));
          }
        }),
    };
    this.#packs = new PackWriter(context, { deadline, lock: {} }, async (pack) => {
      this.#made.push(pack);
    });
  }

  /** Whether a pack of which frames of so many bytes count is mostly dead. One that only stands in for a damaged copy has none. */
  isSparse(pack: IndexedPack, bytes: number): boolean {
    const { below } = this.#context.compaction;
    if (bytes === 0 || bytes >= pack.sizeBytes * below) return false;
    if (this.#request.avoided.some((packs) => packs.has(pack.id))) return false;
    return bytes < pack.entries.reduce((sum, { length }) => sum + length, 0) * below;
  }

  /**
   * Copies the frames that count of some packs that are mostly dead, as far as one prune goes. What it fails with
   * `finish` tells: what nothing needs is planned before, also where there is no room for copies.
   */
  async take(packs: readonly IndexedPack[], call?: Call): Promise<void> {
    try {
      if (this.#failure === undefined) await this.#take(packs, call);
    } catch (error) {
      this.#failure = { error };
    }
  }

  async #take(packs: readonly IndexedPack[], call?: Call): Promise<void> {
    for (const pack of packs) {
      if (this.#leftBytes <= 0 || this.#copied.length >= MOST_FRAMES) return;
      const { id, sizeBytes, entries } = pack; // made when they are asked for
      if (this.#emptied.has(id)) continue; // named twice, because a rewriting of the index was cut off
      const sparse = { id, sizeBytes, entries };
      throwIfAborted(call?.signal, 'prune-points');
      await this.#request.lock.check(call);
      if (await this.#isLocked(sparse, call)) {
        this.#leftBytes -= LOCKED_PACK_BYTES;
        continue;
      }
      this.#leftBytes -= LEAST_PACK_BYTES;
      // what only it holds whole would have to stay: a plan that named it would be voided, and all be copied again
      if (!(await this.#request.live.standsIn(sparse, call))) await this.#copy(sparse);
    }
  }

  /**
   * Makes the copies durable, reads them back and puts them into the index. Gives the packs of which nothing is needed any more.
   * Rejects with `CORRUPT` when a copy is not what was stored, or with what copying failed with; the index is as it was then.
   */
  async finish(call?: Call): Promise<readonly string[]> {
    if (this.#failure !== undefined) throw this.#failure.error;
    await this.#packs.flush();
    await this.#readBack(call);
    this.#packs.publish();
    const index = new IndexWriter(this.#context, this.#request.lock, call);
    for (const pack of this.#made) await index.add(pack);
    await index.finish();
    return [...this.#emptied];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#packs.abandon();
  }

  /** A pack that object lock keeps takes its room whatever is copied. */
  async #isLocked({ id }: IndexedPack, call?: Call): Promise<boolean> {
    const { takenAt } = this.#request.lock;
    return (await lockedUntil(this.#context.store, packKey(id), takenAt, call)) !== undefined;
  }

  async #copy(pack: IndexedPack): Promise<void> {
    const { id } = pack;
    const { chunks } = this.#context;
    const frames = await this.#request.live.countingFrames(pack);
    const read: { readonly frame: CountingFrame; readonly bytes: Uint8Array }[] = [];
    for (let first = 0; first < frames.length; first += AT_ONCE) {
      const some = frames.slice(first, first + AT_ONCE);
      const found = await Promise.all(some.map(({ entry, place }) => chunks.readFrame(entry.id, place)));
      for (const [index, frame] of some.entries()) {
        const bytes = found[index];
        if (bytes === undefined)
          return this.#request.live.noteDamaged(id, 'the pack stays as it is: run verify');
        read.push({ frame, bytes });
      }
    }
    for (const { frame, bytes } of read)
      this.#copied.push({ id: frame.entry.id, place: this.#packs.add(frame.entry, bytes) });
    this.#emptied.add(id);
    this.#leftBytes -= Math.max(0, bytesOf(frames) - LEAST_PACK_BYTES);
    await this.#packs.room();
  }

  async #readBack(call?: Call): Promise<void> {
    for (let first = 0; first < this.#copied.length; first += AT_ONCE) {
      throwIfAborted(call?.signal, 'prune-points');
      await this.#request.lock.check(call);
      const some = this.#copied.slice(first, first + AT_ONCE);
      await Promise.all(
        some.map(async ({ id, place }) => {
          if (!(await this.#context.chunks.isWhole(id, place)))
            throw damagedObject(packKey(place.pack), 'is not what was just stored');
        }),
      );
    }
  }
}

function bytesOf(frames: readonly CountingFrame[]): number {
  return frames.reduce((sum, { entry }) => sum + entry.length, 0);
}
