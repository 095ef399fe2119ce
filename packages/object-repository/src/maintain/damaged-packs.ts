import { type Call, type Finding, SendenseError } from '@sendense/core';
import { newObjectId, type RepositoryContext } from '../context.ts';
import { PackIdSet } from '../index/pack-id-set.ts';
import { PREFIXES } from '../layout/object-keys.ts';
import { openRecord, sealRecord } from '../records/sealed-json.ts';
import { damageRecord, MOST_PACKS } from '../records/small-records.ts';
import { getRecord } from '../store/get-listed.ts';

/** A record of packs that a verification found missing or damaged. */
export type DamagedPacks = { readonly key: string; readonly packs: PackIdSet };

/** The damage records of the store. One that cannot be read is told in the log: verify finds again what it named. */
export async function readDamagedPacks(
  { store, sealer, log }: Pick<RepositoryContext, 'store' | 'sealer' | 'log'>,
  call?: Call,
): Promise<readonly DamagedPacks[]> {
  const found: DamagedPacks[] = [];
  for await (const listed of store.list(PREFIXES.damage, undefined, call)) {
    const { key } = listed;
    try {
      const { packs } = openRecord(sealer, damageRecord, key, await getRecord(store, listed, call));
      found.push({ key, packs: new PackIdSet(packs) });
    } catch (error) {
      if (SendenseError.is(error, 'NOT_FOUND')) continue; // removed meanwhile
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      log({ level: 'warn', message: `${error.message}; verify again`, fields: { object: key } });
    }
  }
  return found;
}

/**
 * Keeps in mind which packs are hurt: writers store anew what is in them, and prune takes other copies. Gives a finding when
 * the store does not let this process write.
 */
export async function noteDamagedPacks(
  context: RepositoryContext,
  packs: ReadonlySet<string>,
  call?: Call,
): Promise<readonly Finding[]> {
  const known = await readDamagedPacks(context, call);
  const more = [...packs].filter((pack) => !known.some((record) => record.packs.has(pack)));
  const { store, sealer, random } = context;
  try {
    for (let first = 0; first < more.length; first += MOST_PACKS) {
      const key = `${PREFIXES.damage}${newObjectId(random)}`;
      const record = { packs: more.slice(first, first + MOST_PACKS) };
      await store.put(key, sealRecord(sealer, damageRecord, key, record), undefined, call);
    }
    return [];
  } catch (error) {
    if (!SendenseError.is(error, 'PERMISSION_DENIED')) throw error;
    const message = `${more.length} damaged packs could not be noted: backups may still rely on what is in them`;
    return [{ severity: 'warning', code: 'damage-not-noted', message }];
  }
}
