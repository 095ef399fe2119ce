import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { PackTable } from '../index/pack-table.ts';
import { PREFIXES, packIdOf, packKey } from '../layout/object-keys.ts';
import type { PackEntry } from '../packs/pack-directory.ts';
import { MAX_PACK_BYTES, PACK_HEADER_BYTES } from '../packs/pack-layout.ts';
import { readDirectory } from '../packs/read-directory.ts';
import { deleteUnlessLocked } from '../store/locked-objects.ts';
import { damage } from '../verify/damage.ts';
import { type Turn, withDeletions } from './deletions.ts';
import { type PruneLock, takePruneLock } from './prune-lock.ts';
import { IndexWriter } from './rewrite-index.ts';

/** What a rebuild of the index found. */
export type RebuildReport = {
  /** Packs that the new index names. */
  readonly packs: number;
  /** Those of them that no old index object vouches for and that are younger than the grace: of backups that run, or were given up. */
  readonly young: number;
  readonly findings: readonly Finding[];
};

/**
 * Makes the index anew from the directories of the packs, then removes the old index objects; backups and restores may go on
 * meanwhile. Packs that no whole old index object names and that are younger than the grace may be deleted yet, by a writer that
 * gives up: young index objects name these, so that points find what is in them and no backup relies on it; see the format,
 * section 4. A pack whose directory is damaged is a finding; what the old index knows of it stays, so that its chunks are found.
 * Rejects with `LOCKED` while another process prunes.
 */
export async function rebuildIndex(context: RepositoryContext, call?: Call): Promise<RebuildReport> {
  context.enter('rebuild-index', call);
  await using lock = await takePruneLock(context, call);
  await using rebuild = new Rebuild(context, lock, await PackTable.open(context.createTable), call);
  return await rebuild.run();
}

type Pack = { readonly id: string; readonly sizeBytes: number; readonly isYoung: boolean };

class Rebuild implements AsyncDisposable {
  readonly #context: RepositoryContext;
  readonly #lock: PruneLock;
  readonly #call: Call | undefined;
  readonly #settled: IndexWriter;
  readonly #young: IndexWriter;
  /** Packs that whole old index objects name, but for young ones. */
  readonly #known: PackTable;
  readonly #findings: Finding[] = [];
  /** Packs whose directory is damaged. */
  readonly #damaged = new Map<string, Pack>();
  #count = { packs: 0, young: 0 };

  constructor(context: RepositoryContext, lock: PruneLock, known: PackTable, call: Call | undefined) {
    this.#context = context;
    this.#lock = lock;
    this.#known = known;
    this.#call = call;
    this.#settled = new IndexWriter(context, lock, call);
    this.#young = new IndexWriter(context, lock, call, PREFIXES.young);
  }

  async run(): Promise<RebuildReport> {
    // Before the packs: what an old index object names was stored before it, so it is listed.
    const old = await this.#readOld();
    await this.#addPacks();
    await this.#carryOver(old);
    await this.#settled.finish();
    await this.#young.finish();
    await this.#remove(old);
    await this.#context.index.refresh(this.#call);
    return { ...this.#count, findings: this.#findings };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#known[Symbol.asyncDispose]();
  }

  async #readOld(): Promise<readonly string[]> {
    const { store, index } = this.#context;
    const old: string[] = [];
    for (const prefix of [PREFIXES.index, PREFIXES.young])
      for await (const { key } of store.list(prefix, undefined, this.#call)) old.push(key);
    for (const key of old.filter((one) => one.startsWith(PREFIXES.index))) {
      await this.#turn();
      try {
        for await (const { id } of index.read(key, this.#call)) this.#known.add(id);
      } catch (error) {
        if (!SendenseError.is(error, 'CORRUPT')) throw error; // a damaged one may be why the index is made again
      }
      await this.#known.settle();
    }
    return old;
  }

  /** Adds all packs: those that stay whatever writers do, and apart from them the others. */
  async #addPacks(): Promise<void> {
    const { store, configuration } = this.#context;
    for await (const { key, sizeBytes, modifiedAt } of store.list(PREFIXES.packs, undefined, this.#call)) {
      await this.#turn();
      const id = packIdOf(key);
      if (id === undefined) continue;
      const ageMs = this.#lock.takenAt.getTime() - modifiedAt.getTime();
      const isYoung = ageMs < configuration.graceMs && (await this.#known.get(id)) === undefined;
      await this.#addPack({ id, sizeBytes, isYoung });
    }
  }

  async #addPack(pack: Pack): Promise<void> {
    const { store, sealer } = this.#context;
    const { id, sizeBytes } = pack;
    try {
      await this.#add(pack, await readDirectory(store, sealer, id, sizeBytes, this.#call));
    } catch (error) {
      if (SendenseError.is(error, 'NOT_FOUND')) return; // its writer gave up meanwhile
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      this.#findings.push(damage('directory-damaged', error, packKey(id)));
      this.#damaged.set(id, { ...pack, sizeBytes: Math.min(sizeBytes, MAX_PACK_BYTES) });
    }
  }

  async #add({ id, sizeBytes, isYoung }: Pack, entries: readonly PackEntry[]): Promise<void> {
    await (isYoung ? this.#young : this.#settled).add({ id, sizeBytes, entries });
    this.#count.packs += 1;
    if (isYoung) this.#count.young += 1;
  }

  /** Adds what the old index objects know of packs whose directory is damaged. */
  async #carryOver(old: readonly string[]): Promise<void> {
    for (const key of old) {
      if (this.#damaged.size === 0) return;
      await this.#turn();
      try {
        for await (const { id, entries } of this.#context.index.read(key, this.#call)) {
          const pack = this.#damaged.get(id);
          if (pack === undefined) continue;
          const known = entriesWithin(entries, pack.sizeBytes);
          if (known.length === 0) continue;
          this.#damaged.delete(id);
          await this.#add(pack, known);
        }
      } catch (error) {
        if (!SendenseError.is(error, 'CORRUPT')) throw error;
      }
    }
  }

  async #remove(old: readonly string[]): Promise<void> {
    const remove = async (turn: Turn) => {
      for (const key of old) {
        throwIfAborted(this.#call?.signal, 'rebuild-index');
        await turn(this.#call);
        // one that object lock keeps names packs that are there
        await deleteUnlessLocked(this.#context.store, key, this.#call);
      }
    };
    await withDeletions(this.#context, this.#lock, remove, this.#call);
  }

  async #turn(): Promise<void> {
    throwIfAborted(this.#call?.signal, 'rebuild-index');
    await this.#lock.check(this.#call);
  }
}

/** The entries of frames that end within the pack, which may be cut. */
function entriesWithin(entries: readonly PackEntry[], sizeBytes: number): readonly PackEntry[] {
  let end = PACK_HEADER_BYTES;
  const count = entries.findIndex(({ length }) => {
    end += length;
    return end > sizeBytes;
  });
  return count === -1 ? entries : entries.slice(0, count);
}
