import type { Call } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { packKey } from '../layout/object-keys.ts';
import { deleteUnlessLocked, heldUntil } from '../store/locked-objects.ts';
import { type Turn, withDeletions } from './deletions.ts';
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
  const ripe = plans.filter(
    ({ modifiedAt }) => lock.takenAt.getTime() - modifiedAt.getTime() >= context.configuration.graceMs,
  );
  const named = await plansOfIndex(context, ripe, lock, call);
  const held = await removeFromIndex(context, ripe, named.size > 0, lock, call);
  const remove = async (turn: Turn) => {
    let freedBytes = 0;
    for (const plan of ripe) {
      // carried out before; what object lock kept of it goes as packs go that no index object names
      const isDone =
        !named.has(plan) && (await heldUntil(context.store, plan.key, lock.takenAt, call)) !== undefined;
      if (!isDone) freedBytes += await removePacks(context, plan, held, turn, call);
    }
    return freedBytes;
  };
  return withDeletions(context, lock, remove, call);
}

/** Those of some plans that name packs which the index names, too. */
async function plansOfIndex(
  { index }: RepositoryContext,
  plans: readonly Plan[],
  lock: PruneLock,
  call?: Call,
): Promise<ReadonlySet<Plan>> {
  const found = new Set<Plan>();
  for (const key of plans.length === 0 ? [] : index.objects) {
    await lock.check(call);
    using object = await index.open(key, call);
    for (const { id } of object.packs) for (const plan of plans) if (plan.packs.has(id)) found.add(plan);
  }
  return found;
}

/**
 * Takes the packs of plans out of the index, and joins index objects when many are small. Gives those of the packs that index objects
 * name which object lock keeps: writers go on relying on them.
 */
async function removeFromIndex(
  context: RepositoryContext,
  plans: readonly Plan[],
  isNamed: boolean,
  lock: PruneLock,
  call?: Call,
): Promise<ReadonlySet<string>> {
  const { index } = context;
  if (!isNamed && index.small(index.objects).length <= MANY_INDEX_OBJECTS) return new Set();
  const { locked, free } = await divideByLock(context, lock, call);
  const small = index.small(free);
  const old = isNamed ? free : small;
  if (!isNamed && small.length <= MANY_INDEX_OBJECTS) return new Set();
  const isSwept = (pack: string) => plans.some(({ packs }) => packs.has(pack));
  const held = await packsOf(context, locked, isSwept, call);
  const left = await rewriteIndex(context, old, (pack) => !isSwept(pack) || held.has(pack), lock, call);
  return new Set([...held, ...(await packsOf(context, left, isSwept, call))]);
}

/** Index objects that object lock keeps in place, and those that it does not. */
async function divideByLock({ store, index }: RepositoryContext, { takenAt }: PruneLock, call?: Call) {
  const locked: string[] = [];
  const free: string[] = [];
  for (const key of index.objects) {
    const until = await heldUntil(store, key, takenAt, call);
    (until === undefined ? free : locked).push(key);
  }
  return { locked, free };
}

/** Swept packs that index objects name which cannot go yet. */
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

/** Deletes the packs of a plan but for those that are held, then the plan when all went. Gives the bytes of the packs. */
async function removePacks(
  context: RepositoryContext,
  { key, packs }: Plan,
  held: ReadonlySet<string>,
  turn: Turn,
  call?: Call,
): Promise<number> {
  let [freedBytes, left] = [0, 0];
  for (const pack of packs) {
    const freed = held.has(pack)
      ? undefined
      : await turn(call, pack).then(() => removePack(context, pack, call));
    if (freed === undefined) left += 1;
    freedBytes += freed ?? 0;
  }
  if (left === 0) {
    await turn(call);
    await deleteUnlessLocked(context.store, key, call);
  }
  return freedBytes;
}

/** Gives the bytes of the pack; `undefined` when object lock still keeps it: no index object names it, so it goes later. */
export async function removePack({ store }: RepositoryContext, pack: string, call?: Call) {
  const sizeBytes = (await store.head(packKey(pack), call))?.sizeBytes ?? 0;
  return (await deleteUnlessLocked(store, packKey(pack), call)) ? sizeBytes : undefined;
}
