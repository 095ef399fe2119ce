import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { PREFIXES, packIdOf } from '../layout/object-keys.ts';
import type { PackEntry } from '../packs/pack-directory.ts';
import { MAX_PACK_BYTES, PACK_HEADER_BYTES } from '../packs/pack-layout.ts';
import { readDirectory } from '../packs/read-directory.ts';
import { damage } from '../verify/damage.ts';
import { takePruneLock } from './prune-lock.ts';
import { IndexWriter } from './rewrite-index.ts';

/** What a rebuild of the index found. */
export type RebuildReport = { readonly packs: number; readonly findings: readonly Finding[] };

/**
 * Makes the index anew from the directories of the packs, then removes the old index objects. A pack whose directory is
 * damaged is a finding; what the old index knows of it stays, so that its chunks are found. No backup may run meanwhile: the
 * packs of one that gives up would stay in the index.
 */
export async function rebuildIndex(context: RepositoryContext, call?: Call): Promise<RebuildReport> {
  context.enter('rebuild-index', call);
  const { store, sealer, index } = context;
  await using lock = await takePruneLock(context, call);
  const old: string[] = [];
  for await (const { key } of store.list(PREFIXES.index, undefined, call)) old.push(key);
  const writer = new IndexWriter(context, call);
  const findings: Finding[] = [];
  const damaged = new Map<string, number>();
  let packs = 0;
  for await (const { key, sizeBytes } of store.list(PREFIXES.packs, undefined, call)) {
    throwIfAborted(call?.signal, 'rebuild-index');
    const id = packIdOf(key);
    if (id === undefined) continue;
    try {
      await writer.add({ id, sizeBytes, entries: await readDirectory(store, sealer, id, sizeBytes, call) });
      packs += 1;
    } catch (error) {
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      findings.push(damage('directory-damaged', error, key));
      damaged.set(id, Math.min(sizeBytes, MAX_PACK_BYTES));
    }
  }
  packs += await carryOver(context, old, damaged, writer, call);
  await writer.finish();
  for (const key of old) {
    await lock.check(call);
    // one that object lock keeps names packs that are there
    await store.delete(key, call).catch((error: unknown) => {
      if (!SendenseError.is(error, 'IMMUTABLE')) throw error;
    });
  }
  await index.refresh(call);
  return { packs, findings };
}

/** Adds what the old index objects know of packs, given by their ids with the sizes that they have; gives how many they know. */
async function carryOver(
  { index }: RepositoryContext,
  old: readonly string[],
  packs: Map<string, number>,
  writer: IndexWriter,
  call?: Call,
): Promise<number> {
  const wanted = packs.size;
  for (const key of old) {
    if (packs.size === 0) break;
    try {
      for await (const { id, entries } of index.read(key, call)) {
        throwIfAborted(call?.signal, 'rebuild-index');
        const sizeBytes = packs.get(id);
        if (sizeBytes === undefined) continue;
        const known = { id, sizeBytes, entries: entriesWithin(entries, sizeBytes) };
        if (known.entries.length === 0) continue;
        packs.delete(id);
        await writer.add(known);
      }
    } catch (error) {
      if (!SendenseError.is(error, 'CORRUPT')) throw error; // a damaged one may be why the index is made again
    }
  }
  return wanted - packs.size;
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
