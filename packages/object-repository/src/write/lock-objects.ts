import { type Call, SendenseError } from '@sendense/core';
import { limitConcurrency } from '@sendense/plugin-kit';
import type { RepositoryContext } from '../context.ts';
import type { PackTable } from '../index/pack-table.ts';
import { damagedObject } from '../keys/proven-json.ts';
import { CONFIGURATION_KEY, disksPrefix, PREFIXES, packKey } from '../layout/object-keys.ts';
import { LivePacks } from '../maintain/live-packs.ts';
import { withOwnIndex } from '../maintain/own-index.ts';
import type { PointRecord } from '../records/point-record.ts';
import type { PutOptions } from '../store/object-store.ts';
import type { PointInHand } from './point-writer.ts';

/** Locks renewed at once. */
const AT_ONCE = 16;
/** Ends of locks are rounded up to a part of their length: points of one part of it need few renewals. */
const PARTS = 4;

/** How the objects of a point that begins now are locked: for `retainMs` from its commit, which is within the grace. */
export function lockOf({
  retainMs,
  configuration,
  clock,
}: Pick<RepositoryContext, 'retainMs' | 'configuration' | 'clock'>): PutOptions {
  if (retainMs === undefined) return {};
  const part = Math.ceil(retainMs / PARTS);
  const untilMs = clock.now().getTime() + configuration.graceMs + retainMs;
  return { retainUntil: new Date(Math.ceil(untilMs / part) * part) };
}

/**
 * Locks what a point needs and did not create: packs, numbers of its disks, the configuration and the key slots. Before its
 * manifest, so that no point is committed whose parts may go before it. Not the index objects of others: they would name packs
 * that are to go for as long as backups are made, and they can be made again from the packs. Rejects with `CORRUPT` when one is gone.
 */
export async function lockObjects(
  context: RepositoryContext,
  { lock: { retainUntil }, bases, sink, draft }: PointInHand,
  record: PointRecord,
  call?: Call,
): Promise<void> {
  if (retainUntil === undefined) return;
  const { store, keys } = context;
  const retain = (key: string) => retainObject(context, key, retainUntil, call);
  await retain(CONFIGURATION_KEY);
  for (const prefix of [PREFIXES.slots, disksPrefix(keys, draft.machine)])
    for await (const { key } of store.list(prefix, undefined, call)) await retain(key);
  const isLocked = [...bases.values()].every(
    (base) => (base.record.retainUntil?.getTime() ?? 0) >= retainUntil.getTime(),
  );
  const retainPack = (pack: string) => retain(packKey(pack));
  await eachPack(sink.relied, retainPack);
  if (!isLocked) await eachNeededPack(context, { record, sink }, retainPack, call);
}

/**
 * The packs of all that the point is made of: its increment keeps chunks of its base without looking them up. Of several copies
 * one that writers may rely on counts; packs that lookups found are left out.
 */
async function eachNeededPack(
  shared: RepositoryContext,
  { record, sink: { condemned, relied } }: Pick<PointInHand, 'sink'> & { readonly record: PointRecord },
  visit: (pack: string) => Promise<void>,
  call?: Call,
): Promise<void> {
  await using context = withOwnIndex(shared);
  await context.index.refresh(call);
  const avoided = [...condemned, context.index.young];
  const request = { points: [{ key: '', record }], avoided, check: async () => undefined };
  await using live = await LivePacks.find(context, request, call);
  await eachPack(live.packs, async (pack) => {
    if ((await relied.get(pack)) === undefined) await visit(pack);
  });
}

/** Visits the packs of a table, a few at once. */
export async function eachPack(packs: PackTable, visit: (pack: string) => Promise<void>): Promise<void> {
  const limited = limitConcurrency(AT_ONCE);
  await packs.each((some) => Promise.all(some.map((pack) => limited(() => visit(pack)))));
}

async function retainObject(
  { store }: RepositoryContext,
  key: string,
  until: Date,
  call?: Call,
): Promise<void> {
  try {
    await store.retain(key, until, call);
  } catch (error) {
    throw SendenseError.is(error, 'NOT_FOUND')
      ? damagedObject(key, 'is gone, and the point needs it', error)
      : error;
  }
}
