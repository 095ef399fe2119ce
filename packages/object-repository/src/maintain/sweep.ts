import { type Call, throwIfAborted } from '@sendense/core';
import { newObjectId, type RepositoryContext } from '../context.ts';
import { ChunkTable } from '../index/chunk-table.ts';
import type { PackIdSet } from '../index/pack-id-set.ts';
import { serializeRecord } from '../index/table-page.ts';
import { PREFIXES, packIdOf, packKey } from '../layout/object-keys.ts';
import { sealRecord } from '../records/sealed-json.ts';
import { planRecord } from '../records/small-records.ts';
import type { LiveChunks } from './mark-live.ts';
import type { Plan } from './plans.ts';
import type { PruneLock } from './prune-lock.ts';
import { rewriteIndex } from './rewrite-index.ts';

/** More index objects than this are joined. */
const MANY_INDEX_OBJECTS = 64;
/** The most packs of one plan; the next prune takes the rest. */
const PLAN_PACKS = 400_000;

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
  const old = [...index.objects];
  if (ripe.length === 0 && old.length <= MANY_INDEX_OBJECTS) return 0;
  const check = () => lock.check(call);
  await rewriteIndex(context, old, (pack) => !isSwept(pack), check, call);
  let freedBytes = 0;
  for (const { key, packs } of ripe) {
    for (const pack of packs) {
      await check();
      freedBytes += (await store.head(packKey(pack), call))?.sizeBytes ?? 0;
      await store.delete(packKey(pack), call);
    }
    await store.delete(key, call);
  }
  await index.refresh(call);
  return freedBytes;
}

/** Plans the deletion of indexed packs without a live chunk, and deletes packs that no index object has named for the grace. */
export async function planNext(
  context: RepositoryContext,
  live: LiveChunks,
  plans: readonly Plan[],
  lock: PruneLock,
  call?: Call,
): Promise<number> {
  await using indexed = await ChunkTable.open(context.createTable);
  const dead: string[] = [];
  for (const key of context.index.objects) {
    const records: Buffer[] = [];
    for await (const { id, entries } of context.index.read(key, call)) {
      throwIfAborted(call?.signal, 'prune-points');
      records.push(serializeRecord(asChunkId(id), { pack: id, offset: 0, length: 0 }));
      if (dead.length >= PLAN_PACKS || plans.some(({ packs }) => packs.has(id))) continue;
      let isLive = false;
      for (const entry of entries) {
        isLive = await live.isLive(entry.id, id);
        if (isLive) break;
      }
      if (!isLive) dead.push(id);
    }
    await indexed.add(Buffer.concat(records));
  }
  if (dead.length > 0) await putPlan(context, [...new Set(dead)], call);
  return removeUnindexed(context, indexed, lock, call);
}

async function putPlan({ store, sealer, random }: RepositoryContext, packs: readonly string[], call?: Call) {
  const key = `${PREFIXES.plans}${newObjectId(random)}`;
  await store.put(key, sealRecord(sealer, planRecord, key, { packs }), undefined, call);
}

async function removeUnindexed(
  { store, configuration }: RepositoryContext,
  indexed: ChunkTable,
  lock: PruneLock,
  call?: Call,
): Promise<number> {
  let freedBytes = 0;
  for await (const { key, sizeBytes, modifiedAt } of store.list(PREFIXES.packs, undefined, call)) {
    const id = packIdOf(key);
    const ageMs = lock.takenAt.getTime() - modifiedAt.getTime();
    if (id === undefined || ageMs < configuration.graceMs) continue;
    if ((await indexed.find(asChunkId(id))) !== undefined) continue;
    await lock.check(call);
    await store.delete(key, call);
    freedBytes += sizeBytes;
  }
  return freedBytes;
}

/** A pack in a table of chunks: its id, then zeros. */
function asChunkId(pack: string): Buffer {
  return Buffer.concat([Buffer.from(pack, 'hex'), Buffer.alloc(16)]);
}

/** Those plans that name a pack which is needed; they must go before a point does. */
export async function plansInTheWay(
  context: RepositoryContext,
  plans: readonly Plan[],
  live: LiveChunks,
  call?: Call,
): Promise<readonly Plan[]> {
  const inTheWay = new Set<Plan>();
  for (const key of plans.length === 0 ? [] : context.index.objects) {
    for await (const { id, entries } of context.index.read(key, call)) {
      const naming = plans.filter((plan) => !inTheWay.has(plan) && plan.packs.has(id));
      if (naming.length === 0) continue;
      for (const entry of entries) {
        if (!(await live.isLive(entry.id, id))) continue;
        for (const plan of naming) inTheWay.add(plan);
        break;
      }
    }
  }
  return [...inTheWay];
}

/** The packs of plans, for writers and marks. */
export function condemnedBy(plans: readonly Plan[]): readonly PackIdSet[] {
  return plans.map(({ packs }) => packs);
}
