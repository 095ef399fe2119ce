import { type Call, SendenseError } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { PackIdSet } from '../index/pack-id-set.ts';
import { PREFIXES } from '../layout/object-keys.ts';
import { openRecord } from '../records/sealed-json.ts';
import { planRecord } from '../records/small-records.ts';
import { getRecord } from '../store/get-listed.ts';

/** A plan: packs that are deleted when it is as old as the grace. */
export type Plan = { readonly key: string; readonly modifiedAt: Date; readonly packs: PackIdSet };

/** The plans of the store. A damaged one rejects with `CORRUPT`: nobody knows what it condemns. */
export async function readPlans(
  { store, sealer }: Pick<RepositoryContext, 'store' | 'sealer'>,
  call?: Call,
): Promise<readonly Plan[]> {
  const plans: Plan[] = [];
  for await (const listed of store.list(PREFIXES.plans, undefined, call)) {
    const { key, modifiedAt } = listed;
    try {
      const { packs } = openRecord(sealer, planRecord, key, await getRecord(store, listed, call));
      plans.push({ key, modifiedAt, packs: new PackIdSet(packs) });
    } catch (error) {
      if (!SendenseError.is(error, 'NOT_FOUND')) throw error; // carried out meanwhile
    }
  }
  return plans;
}
