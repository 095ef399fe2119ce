import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { PackTable } from '../index/pack-table.ts';
import { PREFIXES, packIdOf, packKey } from '../layout/object-keys.ts';
import type { PackEntry } from '../packs/pack-directory.ts';
import { MAX_PACK_BYTES, PACK_HEADER_BYTES } from '../packs/pack-layout.ts';
import { readDirectory } from '../packs/read-directory.ts';
import { damage } from '../verify/damage.ts';
import { putDamagedPacks } from './damaged-packs.ts';
import { findNeededPacks, type YoungPack } from './needed-packs.ts';
import { type PruneLock, takePruneLock } from './prune-lock.ts';
import { IndexWriter } from './rewrite-index.ts';

/** What a rebuild of the index found. */
export type RebuildReport = {
  /** Packs that the new index names. */
  readonly packs: number;
  /** Packs younger than the grace that no point needs: of backups that run, or were given up. Prune removes them when they are older. */
  readonly leftOut: number;
  readonly findings: readonly Finding[];
};

/**
 * Makes the index anew from the directories of the packs, then removes the old index objects; backups and restores may go on
 * meanwhile. It names the packs that a whole old index object names, those as old as the grace, and of the others those that a
 * point needs: a writer that gives up may delete the rest. These are noted as damaged, so that later backups store anew what is in
 * them. A pack whose directory is damaged is a finding; what the old index
 * knows of it stays, so that its chunks are found. Rejects with `LOCKED` while another process prunes.
 */
export async function rebuildIndex(context: RepositoryContext, call?: Call): Promise<RebuildReport> {
  context.enter('rebuild-index', call);
  await using lock = await takePruneLock(context, call);
  await using rebuild = new Rebuild(context, lock, await PackTable.open(context.createTable), call);
  return await rebuild.run();
}

class Rebuild implements AsyncDisposable {
  readonly #context: RepositoryContext;
  readonly #lock: PruneLock;
  readonly #call: Call | undefined;
  readonly #writer: IndexWriter;
  /** Packs that whole old index objects name. */
  readonly #known: PackTable;
  readonly #findings: Finding[] = [];
  /** Packs whose directory is damaged, and their sizes. */
  readonly #damaged = new Map<string, number>();
  #packs = 0;

  constructor(context: RepositoryContext, lock: PruneLock, known: PackTable, call: Call | undefined) {
    this.#context = context;
    this.#lock = lock;
    this.#known = known;
    this.#call = call;
    this.#writer = new IndexWriter(context, lock, call);
  }

  async run(): Promise<RebuildReport> {
    // Before the packs: what an old index object names was stored before it, so it is listed.
    const old = await this.#readOld();
    const young = await this.#addSettled();
    if (young.length > 0) await this.#writer.finish(); // the index that finds the needed ones has these
    const needed = await findNeededPacks(this.#context, young, this.#lock, this.#call);
    // Whose they are cannot be told: a writer that gives up deletes its own, so others must not rely on them.
    await this.#turn();
    await putDamagedPacks(
      this.#context,
      needed.packs.map(({ id }) => id),
      this.#call,
    );
    for (const pack of needed.packs) await this.#add(pack);
    this.#findings.push(...needed.findings);
    await this.#carryOver(old);
    await this.#writer.finish();
    await this.#remove(old);
    await this.#context.index.refresh(this.#call);
    const leftOut = young.length - needed.packs.length;
    return { packs: this.#packs, leftOut, findings: this.#findings };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#known[Symbol.asyncDispose]();
  }

  async #readOld(): Promise<readonly string[]> {
    const { store, index } = this.#context;
    const old: string[] = [];
    for await (const { key } of store.list(PREFIXES.index, undefined, this.#call)) old.push(key);
    for (const key of old) {
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

  /** Adds the packs that stay whatever writers do; gives the others. */
  async #addSettled(): Promise<readonly YoungPack[]> {
    const { store, configuration } = this.#context;
    const young: YoungPack[] = [];
    for await (const { key, sizeBytes, modifiedAt } of store.list(PREFIXES.packs, undefined, this.#call)) {
      await this.#turn();
      const id = packIdOf(key);
      if (id === undefined) continue;
      const ageMs = this.#lock.takenAt.getTime() - modifiedAt.getTime();
      const isSettled = ageMs >= configuration.graceMs || (await this.#known.get(id)) !== undefined;
      if (isSettled) await this.#add({ id, sizeBytes });
      else young.push({ id, sizeBytes });
    }
    return young;
  }

  async #add({ id, sizeBytes }: YoungPack): Promise<void> {
    const { store, sealer } = this.#context;
    try {
      const entries = await readDirectory(store, sealer, id, sizeBytes, this.#call);
      await this.#writer.add({ id, sizeBytes, entries });
      this.#packs += 1;
    } catch (error) {
      if (SendenseError.is(error, 'NOT_FOUND')) return; // its writer gave up meanwhile
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      this.#findings.push(damage('directory-damaged', error, packKey(id)));
      this.#damaged.set(id, Math.min(sizeBytes, MAX_PACK_BYTES));
    }
  }

  /** Adds what the old index objects know of packs whose directory is damaged. */
  async #carryOver(old: readonly string[]): Promise<void> {
    for (const key of old) {
      if (this.#damaged.size === 0) return;
      await this.#turn();
      try {
        for await (const pack of this.#context.index.read(key, this.#call)) {
          const sizeBytes = this.#damaged.get(pack.id);
          if (sizeBytes === undefined) continue;
          const known = { id: pack.id, sizeBytes, entries: entriesWithin(pack.entries, sizeBytes) };
          if (known.entries.length === 0) continue;
          this.#damaged.delete(pack.id);
          await this.#writer.add(known);
          this.#packs += 1;
        }
      } catch (error) {
        if (!SendenseError.is(error, 'CORRUPT')) throw error;
      }
    }
  }

  async #remove(old: readonly string[]): Promise<void> {
    for (const key of old) {
      await this.#turn();
      // one that object lock keeps names packs that are there
      await this.#context.store.delete(key, this.#call).catch((error: unknown) => {
        if (!SendenseError.is(error, 'IMMUTABLE')) throw error;
      });
    }
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
