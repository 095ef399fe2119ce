import { type Call, type DraftDisk, type PointDraft, SendenseError } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { numberAtEnd, progressKey, progressPrefix } from '../layout/object-keys.ts';
import type { DiskMap } from '../map/disk-map.ts';
import { FAN_OUT, isZeroId, type MapNode } from '../map/map-node.ts';
import { openMap } from '../map/open-map.ts';
import { openRecord, sealRecord } from '../records/sealed-json.ts';
import { type ProgressRecord, progressRecord } from '../records/small-records.ts';
import { getRecord } from '../store/get-listed.ts';
import type { ChunkSink } from './chunk-sink.ts';

/** A disk has at most so many records of its progress: each comes with an index object of its own. */
const MOST_RECORDS = 64;

/** Where an earlier attempt stopped, and the map of what it stored. */
export type EarlierProgress = { readonly record: ProgressRecord; readonly map: DiskMap };

/** How far a disk of a point is, kept in the store so that another attempt with the same ids goes on there. */
export class DiskProgress {
  readonly #context: RepositoryContext;
  readonly #draft: PointDraft;
  readonly #disk: DraftDisk;
  readonly #sink: ChunkSink;
  readonly #prefix: string;
  #next = 0;
  #sinceBytes = 0;
  #isCommitted = false;

  constructor(context: RepositoryContext, draft: PointDraft, disk: DraftDisk, sink: ChunkSink) {
    this.#context = context;
    this.#draft = draft;
    this.#disk = disk;
    this.#sink = sink;
    this.#prefix = progressPrefix(context.keys, draft.id, disk.id);
  }

  /**
   * What an earlier attempt made durable, when it was of the same instant and everything that it stored is there and stays:
   * so it is as good as looked up just now. Of a committed point nothing is needed any more, and no record is made.
   */
  async find(isCommitted: boolean, call?: Call): Promise<EarlierProgress | undefined> {
    const record = await this.#last(call);
    this.#isCommitted = isCommitted;
    if (isCommitted) return undefined;
    const { sizeBytes, base } = this.#disk;
    if (record === undefined || record.instant !== this.#draft.instant) return undefined;
    if (record.base !== base || record.sizeBytes !== sizeBytes || record.doneBytes > sizeBytes)
      return undefined;
    const map = openMap(this.#context, record.root, sizeBytes);
    return (await this.#isThere(map, record.root)) ? { record, map } : undefined;
  }

  /** Notes that so many bytes were written; true when it is time for a record. */
  isDue(bytes: number): boolean {
    this.#sinceBytes += bytes;
    const least = Math.max(this.#context.progressBytes, this.#disk.sizeBytes / MOST_RECORDS);
    return !this.#isCommitted && this.#sinceBytes >= least;
  }

  /** Makes what was written durable and known to others, then says so in the store. */
  async save(
    fields: Pick<ProgressRecord, 'root' | 'doneBytes' | 'storedBytes' | 'writtenBytes'>,
    call?: Call,
  ): Promise<void> {
    const { store, sealer } = this.#context;
    const { instant, id } = this.#draft;
    const { base, sizeBytes } = this.#disk;
    this.#sinceBytes = 0;
    await this.#sink.flush();
    await this.#sink.publish(id, call);
    const key = progressKey(this.#prefix, this.#next);
    const record = { instant, base, sizeBytes, ...fields };
    await store.put(key, sealRecord(sealer, progressRecord, key, record), undefined, call);
    this.#next += 1;
  }

  /** Removes the records, once the point is committed. Who may not delete leaves them to prune. */
  async remove(call?: Call): Promise<void> {
    try {
      for (let number = 0; number < this.#next; number += 1)
        await this.#context.store.delete(progressKey(this.#prefix, number), call);
    } catch (error) {
      if (!SendenseError.is(error)) throw error;
    }
  }

  /** The newest record that can be read. */
  async #last(call?: Call): Promise<ProgressRecord | undefined> {
    const { store, sealer } = this.#context;
    let last: ProgressRecord | undefined;
    for await (const listed of store.list(this.#prefix, undefined, call)) {
      this.#next = (numberAtEnd(listed.key) ?? -1) + 1;
      try {
        last = openRecord(sealer, progressRecord, listed.key, await getRecord(store, listed, call));
      } catch (error) {
        if (!SendenseError.is(error, 'CORRUPT') && !SendenseError.is(error, 'NOT_FOUND')) throw error;
      }
    }
    return last;
  }

  /** Whether all chunks of a map are stored where they stay; a node is read only when it is. */
  async #isThere(map: DiskMap, root: string | null): Promise<boolean> {
    if (root === null) return true;
    if (!(await this.#sink.holds(Buffer.from(root, 'hex')))) return false;
    try {
      for (let level = map.depth - 1; level >= 0; level -= 1) {
        const covered = FAN_OUT ** (level + 1);
        for (let index = 0; index * covered < map.chunks; index += 1)
          if (!(await this.#sink.holds(idsIn(await map.node(level, index))))) return false;
      }
      return true;
    } catch (error) {
      if (SendenseError.is(error, 'CORRUPT')) return false;
      throw error;
    }
  }
}

/** The ids in a node that are not of zeros. */
function idsIn(node: MapNode | undefined): Buffer {
  if (node === undefined) return Buffer.alloc(0);
  const ids = Array.from({ length: FAN_OUT }, (_, slot) => node.at(slot)).filter((id) => !isZeroId(id));
  return Buffer.concat(ids);
}
