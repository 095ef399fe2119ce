import { type Call, type Finding, SendenseError } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { isProven, MAX_PROVEN_BYTES, parseClaimed } from '../keys/proven-json.ts';
import { CONFIGURATION_KEY, PREFIXES } from '../layout/object-keys.ts';
import { openRecord, type RecordType } from '../records/sealed-json.ts';
import {
  damageRecord,
  lockRecord,
  numberRecord,
  planRecord,
  removalRecord,
} from '../records/small-records.ts';
import { getListed, getRecord, getSmall } from '../store/get-listed.ts';
import type { ListedObject } from '../store/object-store.ts';
import { damage } from './damage.ts';

/** Looks at the objects that hold no chunks: configuration, key slots, numbers of disks, plans, locks, damage records, removals. */
export async function* verifySmallObjects(context: RepositoryContext, call?: Call): AsyncGenerator<Finding> {
  const { store, sealer, keys } = context;
  const checkProof = (bytes: Uint8Array, key: string) => {
    if (!isProven(parseClaimed(bytes, key), keys.proof)) throw new TypeError(`the object ${key} was changed`);
  };
  const proven = async (listed: ListedObject) =>
    checkProof(await getListed(store, listed, MAX_PROVEN_BYTES, call), listed.key);
  const sealed =
    <T>(type: RecordType<T>) =>
    async (listed: ListedObject) => {
      openRecord(sealer, type, listed.key, await getRecord(store, listed, call));
    };
  yield* check('configuration-damaged', CONFIGURATION_KEY, async () =>
    checkProof(await getSmall(store, CONFIGURATION_KEY, MAX_PROVEN_BYTES, call), CONFIGURATION_KEY),
  );
  for (const [prefix, code, look] of [
    [PREFIXES.slots, 'key-slot-damaged', proven],
    [PREFIXES.disks, 'disk-number-damaged', sealed(numberRecord)],
    [PREFIXES.plans, 'plan-damaged', sealed(planRecord)],
    [PREFIXES.locks, 'lock-damaged', sealed(lockRecord)],
    [PREFIXES.damage, 'damage-record-damaged', sealed(damageRecord)],
    [PREFIXES.removals, 'removal-damaged', sealed(removalRecord)],
  ] as const)
    for await (const listed of store.list(prefix, undefined, call))
      yield* check(code, listed.key, () => look(listed));
}

async function* check(code: string, key: string, look: () => Promise<void>): AsyncGenerator<Finding> {
  try {
    await look();
  } catch (error) {
    if (SendenseError.is(error) && error.code === 'NOT_FOUND' && key !== CONFIGURATION_KEY) return; // removed meanwhile
    if (SendenseError.is(error) && error.code !== 'CORRUPT' && error.code !== 'NOT_FOUND') throw error;
    yield damage(code, error, key);
  }
}
