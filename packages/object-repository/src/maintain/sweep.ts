import { type Call, type Random, throwIfAborted } from '@sendense/core';
import { newObjectId, type RepositoryContext } from '../context.ts';
import type { IndexedPack } from '../index/index-object.ts';
import { PackTable } from '../index/pack-table.ts';
import { PREFIXES, packIdOf } from '../layout/object-keys.ts';
import { sealRecord } from '../records/sealed-json.ts';
import { MOST_PACKS, planRecord } from '../records/small-records.ts';
import { deleteUnlessLocked } from '../store/locked-objects.ts';
import { removePack } from './carry-out.ts';
import { Compaction } from './compaction.ts';
import type { DamagedPacks } from './damaged-packs.ts';
import { type Turn, withDeletions } from './deletions.ts';
import type { LivePacks } from './live-packs.ts';
import type { Plan } from './plans.ts';
import type { PruneLock } from './prune-lock.ts';

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
  const { objects, young } = context.index;
  for (const pack of young) indexed.add(pack);
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
    const sparse = packs.filter((pack) => {
      const bytes = needed.get(pack.id);
      if (bytes === undefined) dead.add(pack.id);
      return bytes !== undefined && compaction.isSparse(pack, bytes);
    });
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
  context: RepositoryContext,
  damaged: readonly DamagedPacks[],
  indexed: PackTable,
  lock: PruneLock,
  call?: Call,
): Promise<void> {
  const remove = async (turn: Turn) => {
    for (const { key, packs } of damaged) {
      let isOfUse = false;
      for (const pack of packs) isOfUse ||= (await indexed.get(pack)) !== undefined;
      if (isOfUse) continue;
      await turn(call);
      await deleteUnlessLocked(context.store, key, call);
    }
  };
  await withDeletions(context, lock, remove, call);
}

async function removeUnindexed(
  context: RepositoryContext,
  indexed: PackTable,
  lock: PruneLock,
  call?: Call,
): Promise<number> {
  const { store, configuration } = context;
  const remove = async (turn: Turn) => {
    let freedBytes = 0;
    for await (const { key, modifiedAt } of store.list(PREFIXES.packs, undefined, call)) {
      await lock.check(call);
      const id = packIdOf(key);
      const ageMs = lock.takenAt.getTime() - modifiedAt.getTime();
      if (id === undefined || ageMs < configuration.graceMs) continue;
      if ((await indexed.get(id)) !== undefined) continue;
      await turn(call, id);
      freedBytes += (await removePack(context, id, call)) ?? 0;
    }
    return freedBytes;
  };
  return withDeletions(context, lock, remove, call);
}
