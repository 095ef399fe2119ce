import { type Call, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { IndexedPack } from '../index/index-object.ts';
import { PackTable } from '../index/pack-table.ts';
import { PREFIXES, packIdOf } from '../layout/object-keys.ts';
import { deleteUnlessLocked, lockedUntil } from '../store/locked-objects.ts';
import type { PruneLock } from './prune-lock.ts';
import { IndexWriter } from './rewrite-index.ts';

/** What a listing says of a pack: its writer may delete it yet, or cannot any more. */
const YOUNG = 0;
const SETTLED = 1;

/**
 * Puts packs of young index objects into the index once they are as old as the grace, when their writers cannot delete them any more,
 * and drops those that are gone: their writers gave up. Young objects of which nothing is to go, and those that object lock keeps, stay. Before anything is planned or swept, so no plan that is carried out names a
 * pack of a young index object. The index of the context is loaded and whole.
 */
export async function settleYoung(context: RepositoryContext, lock: PruneLock, call?: Call): Promise<void> {
  const { index, store, createTable } = context;
  const old = index.youngObjects;
  if (old.length === 0) return;
  await using known = await packsOfIndex(context, call);
  await using listed = await PackTable.open(createTable);
  await listAges(context, listed, lock, call);
  const settled = new IndexWriter(context, lock, call);
  const young = new IndexWriter(context, lock, call, PREFIXES.young);
  const replaced: string[] = [];
  for (const key of old) {
    await lock.check(call);
    const isLocked = (await lockedUntil(store, key, lock.takenAt, call)) !== undefined;
    const left: IndexedPack[] = [];
    let isWhole = true;
    for await (const pack of index.read(key, call)) {
      throwIfAborted(call?.signal, 'prune-points');
      await lock.check(call);
      const isKnown = (await known.get(pack.id)) !== undefined; // its writer vouches for it, or another young one names it
      const age = isKnown ? undefined : await listed.get(pack.id);
      known.add(pack.id);
      await known.settle();
      if (age === SETTLED) await settled.add(pack);
      if (age === YOUNG) left.push(pack);
      else isWhole = false;
    }
    // one that stays names what it names
    if (isWhole || isLocked) continue;
    for (const pack of left) await young.add(pack);
    replaced.push(key);
  }
  await settled.finish();
  await young.finish();
  for (const key of replaced) {
    await lock.check(call);
    await deleteUnlessLocked(store, key, call);
  }
  await index.refresh(call);
}

async function packsOfIndex(
  { index, createTable }: Pick<RepositoryContext, 'index' | 'createTable'>,
  call?: Call,
): Promise<PackTable> {
  const packs = await PackTable.open(createTable);
  for (const key of index.objects) {
    for await (const { id } of index.read(key, call)) packs.add(id);
    await packs.settle();
  }
  return packs;
}

async function listAges(
  { store, configuration }: RepositoryContext,
  listed: PackTable,
  lock: PruneLock,
  call?: Call,
): Promise<void> {
  for await (const { key, modifiedAt } of store.list(PREFIXES.packs, undefined, call)) {
    await lock.check(call);
    const id = packIdOf(key);
    const ageMs = lock.takenAt.getTime() - modifiedAt.getTime();
    if (id !== undefined) listed.add(id, ageMs >= configuration.graceMs ? SETTLED : YOUNG);
    await listed.settle();
  }
}
