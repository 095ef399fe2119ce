import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { IndexedPack } from '../index/index-object.ts';
import { PackIdSet } from '../index/pack-id-set.ts';
import { PackTable } from '../index/pack-table.ts';
import { PREFIXES, packIdOf, packKey } from '../layout/object-keys.ts';
import { deleteUnlessLocked, heldUntil } from '../store/locked-objects.ts';
import { type Turn, withDeletions } from './deletions.ts';
import { LivePacks } from './live-packs.ts';
import type { PruneLock } from './prune-lock.ts';
import { IndexWriter } from './rewrite-index.ts';
import { unhurt } from './unhurt.ts';

/** What a listing says of a pack: its writer may delete it yet, or cannot any more. */
const YOUNG = 0;
const SETTLED = 1;

/**
 * Puts packs of young index objects into the index once they are as old as the grace, when their writers cannot delete them any more,
 * and drops those that are gone: their writers gave up. Those that are gone and that a point needs stay, so that it is told which packs
 * were lost. Young objects of which nothing is to go, and those that object lock keeps, stay. Before anything is planned or swept, so no
 * plan that is carried out names a pack of a young index object. The index of the context is loaded and whole. Gives a finding for each
 * pack that was lost.
 */
export async function settleYoung(
  context: RepositoryContext,
  lock: PruneLock,
  call?: Call,
): Promise<readonly Finding[]> {
  const { index, store, createTable } = context;
  const old = index.youngObjects;
  if (old.length === 0) return [];
  await using known = await packsOfIndex(context, call);
  await using listed = await PackTable.open(createTable);
  await listAges(context, listed, lock, call);
  const lost = await lostPacks(context, { known, listed }, lock, call);
  const settled = new IndexWriter(context, lock, call);
  const young = new IndexWriter(context, lock, call, PREFIXES.young);
  const replaced: string[] = [];
  for (const key of old) {
    await lock.check(call);
    const isLocked = (await heldUntil(store, key, lock.takenAt, call)) !== undefined;
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
      if (age === YOUNG || (!isKnown && lost.packs.has(pack.id))) left.push(pack);
      else isWhole = false;
    }
    // one that stays names what it names
    if (isWhole || isLocked) continue;
    for (const pack of left) await young.add(pack);
    replaced.push(key);
  }
  await settled.finish();
  await young.finish();
  const remove = async (turn: Turn) => {
    for (const key of replaced) {
      await turn(call);
      await deleteUnlessLocked(store, key, call);
    }
  };
  await withDeletions(context, lock, remove, call);
  await index.refresh(call);
  return lost.findings;
}

/** Packs that stay named although they are gone, and what is told of them. */
type LostPacks = { readonly packs: PackIdSet; readonly findings: readonly Finding[] };

function lostPack(pack: string): Finding {
  const object = packKey(pack);
  const message = `${object} is gone, and points need what was in it: run verify, which names them`;
  return { severity: 'error', code: 'pack-missing', message, object };
}

/** Packs that only young index objects name, that are gone, and of whose chunks a point needs one that has no other copy. */
async function lostPacks(
  context: RepositoryContext,
  { known, listed }: { readonly known: PackTable; readonly listed: PackTable },
  lock: PruneLock,
  call?: Call,
): Promise<LostPacks> {
  const gone: string[] = [];
  for (const pack of context.index.young) {
    await lock.check(call);
    if ((await known.get(pack)) === undefined && (await listed.get(pack)) === undefined) gone.push(pack);
  }
  const packs = new PackIdSet(gone);
  return gone.length === 0 ? { packs, findings: [] } : await neededOf(context, packs, lock, call);
}

/** Those of some packs that are gone that points need; all while nobody can tell, because more of a point is lost. */
async function neededOf(
  context: RepositoryContext,
  gone: PackIdSet,
  lock: PruneLock,
  call?: Call,
): Promise<LostPacks> {
  const found = await context.points.all(call);
  const points = unhurt({ ...found, late: [] });
  const request = { points, avoided: [gone], check: () => lock.check(call) };
  try {
    await using live = await LivePacks.find(context, request, call);
    const needed: string[] = [];
    for (const pack of gone) if ((await live.packs.get(pack)) !== undefined) needed.push(pack);
    return { packs: new PackIdSet(needed), findings: needed.map(lostPack) };
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    return { packs: gone, findings: [] };
  }
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
