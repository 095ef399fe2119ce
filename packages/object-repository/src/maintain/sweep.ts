import { type Call, type Random, SendenseError, throwIfAborted } from '@sendense/core';
import { newObjectId, type RepositoryContext } from '../context.ts';
import type { IndexedPack } from '../index/index-object.ts';
import { PackTable } from '../index/pack-table.ts';
import { PREFIXES, packIdOf, packKey } from '../layout/object-keys.ts';
import { sealRecord } from '../records/sealed-json.ts';
import { MOST_PACKS, planRecord } from '../records/small-records.ts';
import { lockedUntil } from '../store/locked-objects.ts';
import { Compaction } from './compaction.ts';
import type { DamagedPacks } from './damaged-packs.ts';
import type { LivePacks } from './live-packs.ts';
import type { Plan } from './plans.ts';
import type { PruneLock } from './prune-lock.ts';
import { rewriteIndex } from './rewrite-index.ts';

/** More index objects than this that are not even half full are joined. */
const MANY_INDEX_OBJECTS = 64;

/** Deletes the packs of ripe plans: from the index, then from the store, then the plans. Gives the bytes of the packs. */
export async function carryOut(
  context: RepositoryContext,
  plans: readonly Plan[],
  lock: PruneLock,
  call?: Call,
): Promise<number> {
  const { store, index, configuration } = context;
  const ripe = plans.filter(
    ({ modifiedAt }) => lock.takenAt.getTime() - modifiedAt.getTime() >= configuration.graceMs,
  );
  const isSwept = (pack: string) => ripe.some(({ packs }) => packs.has(pack));
  const { locked, free } = await divideByLock(context, lock, call);
  const small = index.small(free);
  const old = ripe.length > 0 ? free : small;
  if (ripe.length === 0 && small.length <= MANY_INDEX_OBJECTS) return 0;
  const held = await packsOf(context, locked, isSwept, call);
  await rewriteIndex(context, old, (pack) => !isSwept(pack) || held.has(pack), lock, call);
  let freedBytes = 0;
  for (const { key, packs } of ripe) {
    let left = 0;
    for (const pack of packs) {
      await lock.check(call);
      const freed = held.has(pack) ? undefined : await removePack(context, pack, call);
      if (freed === undefined) left += 1;
      freedBytes += freed ?? 0;
    }
    if (left === 0) await store.delete(key, call);
  }
  await index.refresh(call);
  return freedBytes;
}

/** Index objects that object lock keeps in place, and those that it does not. */
async function divideByLock({ store, index }: RepositoryContext, { takenAt }: PruneLock, call?: Call) {
  const locked: string[] = [];
  const free: string[] = [];
  for (const key of index.objects) {
    const until = await lockedUntil(store, key, takenAt, call);
    (until === undefined ? free : locked).push(key);
  }
  return { locked, free };
}

/** Swept packs that index objects name which cannot go yet: writers would go on relying on them. */
async function packsOf(
  { index }: RepositoryContext,
  locked: readonly string[],
  isSwept: (pack: string) => boolean,
  call?: Call,
): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  for (const key of locked) for await (const { id } of index.read(key, call)) if (isSwept(id)) held.add(id);
  return held;
}

/** Gives the bytes of the pack; `undefined` when object lock still keeps it: no index object names it, so it goes later. */
async function removePack({ store }: RepositoryContext, pack: string, call?: Call) {
  const sizeBytes = (await store.head(packKey(pack), call))?.sizeBytes ?? 0;
  try {
    await store.delete(packKey(pack), call);
    return sizeBytes;
  } catch (error) {
    if (SendenseError.is(error, 'IMMUTABLE')) return undefined;
    throw error;
  }
}

/** What a prune looks at to find what may go. */
export type Found = {
  readonly live: LivePacks;
  readonly plans: readonly Plan[];
  readonly damaged: readonly DamagedPacks[];
  readonly lock: PruneLock;
};

/**
 * Plans the deletion of indexed packs that nothing needs, those that are mostly dead and were copied among them, and deletes packs that
 * no index object has named for the grace.
 */
export async function planNext(context: RepositoryContext, found: Found, call?: Call): Promise<number> {
  const { live, plans, damaged, lock } = found;
  await using indexed = await PackTable.open(context.createTable);
  const { objects, youngObjects, young } = context.index;
  for (const key of youngObjects) for await (const { id } of context.index.read(key, call)) indexed.add(id);
  const avoided = [...damaged.map(({ packs }) => packs), young];
  await using compaction = new Compaction(context, { live, avoided, lock });
  const dead = new Set<string>();
  for (const key of fromAnywhere(objects, context.random)) {
    using object = await context.index.open(key, call);
    const packs: IndexedPack[] = [];
    for (const pack of object.packs) {
      throwIfAborted(call?.signal, 'prune-points');
      indexed.add(pack.id);
      if (!young.has(pack.id) && !plans.some((plan) => plan.packs.has(pack.id))) packs.push(pack);
    }
    await indexed.settle();
    await lock.check(call);
    if (dead.size >= MOST_PACKS) continue; // the next prune takes the rest
    const needed = await live.neededOf(packs, call);
    for (const { id } of packs) if (!needed.has(id)) dead.add(id);
    const sparse = packs.filter(({ id }) => needed.has(id));
    await compaction.take(fromAnywhere(sparse, context.random), call);
  }
  await lock.check(call);
  await putPlan(context, [...dead].slice(0, MOST_PACKS), call);
  await removeSettledDamage(context, damaged, indexed, lock, call);
  const freedBytes = await removeUnindexed(context, indexed, lock, call);
  // last, because a store that is full takes no copies; they are in the index before a plan names what was copied
  const copied = await compaction.finish(call);
  await lock.check(call);
  await putPlan(context, copied, call);
  return freedBytes;
}

/** All of them, from a random one on: what one prune does not come to, another one does. */
function fromAnywhere<T>(items: readonly T[], random: Random): readonly T[] {
  const first = Buffer.from(random.bytes(4)).readUInt32LE() % Math.max(1, items.length);
  return [...items.slice(first), ...items.slice(0, first)];
}

async function putPlan({ store, sealer, random }: RepositoryContext, packs: readonly string[], call?: Call) {
  if (packs.length === 0) return;
  const key = `${PREFIXES.plans}${newObjectId(random)}`;
  await store.put(key, sealRecord(sealer, planRecord, key, { packs }), undefined, call);
}

/** A damage record is of use as long as the index names one of its packs. */
async function removeSettledDamage(
  { store }: RepositoryContext,
  damaged: readonly DamagedPacks[],
  indexed: PackTable,
  lock: PruneLock,
  call?: Call,
): Promise<void> {
  for (const { key, packs } of damaged) {
    let isOfUse = false;
    for (const pack of packs) isOfUse ||= (await indexed.get(pack)) !== undefined;
    if (isOfUse) continue;
    await lock.check(call);
    await store.delete(key, call);
  }
}

async function removeUnindexed(
  context: RepositoryContext,
  indexed: PackTable,
  lock: PruneLock,
  call?: Call,
): Promise<number> {
  const { store, configuration } = context;
  let freedBytes = 0;
  for await (const { key, modifiedAt } of store.list(PREFIXES.packs, undefined, call)) {
    await lock.check(call);
    const id = packIdOf(key);
    const ageMs = lock.takenAt.getTime() - modifiedAt.getTime();
    if (id === undefined || ageMs < configuration.graceMs) continue;
    if ((await indexed.get(id)) !== undefined) continue;
    freedBytes += (await removePack(context, id, call)) ?? 0;
  }
  return freedBytes;
}

/** Those plans that name a pack which is needed; they must go before a point does. */
export async function plansInTheWay(
  context: RepositoryContext,
  plans: readonly Plan[],
  live: LivePacks,
  call?: Call,
): Promise<readonly Plan[]> {
  const inTheWay = new Set<Plan>();
  const { objects, youngObjects } = context.index;
  for (const key of plans.length === 0 ? [] : [...objects, ...youngObjects]) {
    const named: IndexedPack[] = [];
    for await (const pack of context.index.read(key, call))
      if (plans.some((plan) => !inTheWay.has(plan) && plan.packs.has(pack.id))) named.push(pack);
    for (const pack of await live.neededOf(named, call))
      for (const plan of plans) if (plan.packs.has(pack)) inTheWay.add(plan);
  }
  return [...inTheWay];
}
