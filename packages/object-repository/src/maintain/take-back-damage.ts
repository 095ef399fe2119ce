import { type Call, type Finding, SendenseError } from '@sendense/core';
import { newObjectId, type RepositoryContext } from '../context.ts';
import { PREFIXES, packIdOf } from '../layout/object-keys.ts';
import { sealRecord } from '../records/sealed-json.ts';
import { damageRecord } from '../records/small-records.ts';
import { deleteUnlessLocked, heldUntil } from '../store/locked-objects.ts';
import { storeTime } from '../store/store-time.ts';
import { findWholePacks, type WholePacks } from '../verify/whole-packs.ts';
import { type DamagedPacks, putDamagedPacks, readDamagedPacks } from './damaged-packs.ts';
import { type Turn, withDeletions } from './deletions.ts';
import { type PruneLock, takePruneLock } from './prune-lock.ts';

/** Why records stay until another verification: nothing is wrong, and none of it is lost. */
const NOT_NOW: ReadonlySet<string> = new Set([
  'LOCKED',
  'FENCED',
  'IMMUTABLE',
  'PERMISSION_DENIED',
  'READ_ONLY',
]);

/**
 * Takes back what damage records say of packs that are whole, once they are as old as the grace: a verification reads them whole,
 * then looks whether they are still there while it holds the lock, so that nobody else deletes packs. What a record names beside is
 * named by a new one before it goes; see the format, section 4, rule 21. `hurt` are packs that the verification found hurt.
 */
export async function takeBackDamage(
  context: RepositoryContext,
  hurt: ReadonlySet<string>,
  call?: Call,
): Promise<readonly Finding[]> {
  try {
    // before the packs are read: of what is noted later it is not known whether it was read before
    const records = await oldRecords(context, call);
    if (records.length === 0) return [];
    const whole = new Map(await findWholePacks(context, records, call));
    for (const pack of hurt) whole.delete(pack);
    if (whole.size === 0) return [];
    await requireDeletion(context, call);
    await using lock = await takePruneLock(context, call);
    const packs = await takeBack(context, { records, whole, lock }, call);
    return packs === 0 ? [] : [takenBack(packs)];
  } catch (error) {
    if (!SendenseError.is(error) || !NOT_NOW.has(error.code)) throw error;
    const message = `packs that were noted as damaged stay so, though they may be whole: ${error.message}`;
    return [{ severity: 'info', code: 'damage-stays', message }];
  }
}

/** Deletes a record of nothing: whoever may not delete must not take the lock, which would stay where it is, too. */
async function requireDeletion(context: RepositoryContext, call?: Call): Promise<void> {
  const { store, sealer, random } = context;
  const key = `${PREFIXES.damage}${newObjectId(random)}`;
  await store.put(key, sealRecord(sealer, damageRecord, key, { packs: [] }), undefined, call);
  await store.delete(key, call);
}

function takenBack(packs: number): Finding {
  const message = `${packs} packs that were noted as damaged are whole: backups rely on them again`;
  return { severity: 'info', code: 'damage-taken-back', message };
}

/**
 * Those that are as old as the grace and that object lock does not keep. Who began before one of these can no longer commit: nobody
 * misses it whose listing of records is under way when another one takes its place.
 */
async function oldRecords(context: RepositoryContext, call?: Call): Promise<readonly DamagedPacks[]> {
  const records = await readDamagedPacks(context, call);
  if (records.length === 0) return [];
  const now = await storeTime(context, call);
  const { graceMs } = context.configuration;
  const old: DamagedPacks[] = [];
  for (const record of records) {
    if (now.getTime() - record.modifiedAt.getTime() < graceMs) continue;
    if ((await heldUntil(context.store, record.key, now, call)) === undefined) old.push(record);
  }
  return old;
}

/** What is known under the lock. */
type Known = {
  readonly records: readonly DamagedPacks[];
  readonly whole: WholePacks;
  readonly lock: PruneLock;
};

/** Gives how many packs records no longer name. */
async function takeBack(context: RepositoryContext, known: Known, call?: Call): Promise<number> {
  const { records, lock } = known;
  const there = await stillThere(context, known, call);
  const replace = async (turn: Turn) => {
    let count = 0;
    for (const { key, packs } of records) {
      const left = [...packs].filter((pack) => !there.has(pack));
      if (left.length === packs.size) continue;
      await lock.check(call);
      await putDamagedPacks(context, left, call);
      await turn(call);
      if (await deleteUnlessLocked(context.store, key, call)) count += packs.size - left.length;
    }
    return count;
  };
  return withDeletions(context, lock, replace, call);
}

/** The packs that nobody deleted since they were read. */
async function stillThere(
  { store }: RepositoryContext,
  { whole, lock }: Known,
  call?: Call,
): Promise<ReadonlySet<string>> {
  const there = new Set<string>();
  for await (const { key, sizeBytes } of store.list(PREFIXES.packs, undefined, call)) {
    await lock.check(call);
    const id = packIdOf(key);
    if (id !== undefined && whole.get(id) === sizeBytes) there.add(id);
  }
  return there;
}
