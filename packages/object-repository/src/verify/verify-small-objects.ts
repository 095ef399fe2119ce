import { type Call, type Finding, SendenseError } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { isProven, MAX_PROVEN_BYTES, parseClaimed } from '../keys/proven-json.ts';
import { CONFIGURATION_KEY, PREFIXES } from '../layout/object-keys.ts';
import { MAX_RECORD_BYTES, openRecord, type RecordType } from '../records/sealed-json.ts';
import { damageRecord, lockRecord, numberRecord, planRecord } from '../records/small-records.ts';
import { SEAL_BYTES } from '../seal/seal.ts';
import { getSmall } from '../store/get-listed.ts';
import { damage } from './damage.ts';

/** Looks at the objects that hold no chunks: configuration, key slots, numbers of disks, plans, locks. */
export async function* verifySmallObjects(context: RepositoryContext, call?: Call): AsyncGenerator<Finding> {
  const { store, sealer, keys } = context;
  const proven = async (key: string) => {
    const claimed = parseClaimed(await getSmall(store, key, MAX_PROVEN_BYTES, call), key);
    if (!isProven(claimed, keys.proof)) throw new TypeError(`the object ${key} was changed`);
  };
  const sealed =
    <T>(type: RecordType<T>) =>
    async (key: string) => {
      openRecord(sealer, type, key, await getSmall(store, key, MAX_RECORD_BYTES + SEAL_BYTES, call));
    };
  yield* check('configuration-damaged', CONFIGURATION_KEY, proven);
  for (const [prefix, code, look] of [
    [PREFIXES.slots, 'key-slot-damaged', proven],
    [PREFIXES.disks, 'disk-number-damaged', sealed(numberRecord)],
    [PREFIXES.plans, 'plan-damaged', sealed(planRecord)],
    [PREFIXES.locks, 'lock-damaged', sealed(lockRecord)],
    [PREFIXES.damage, 'damage-record-damaged', sealed(damageRecord)],
  ] as const)
    for await (const { key } of store.list(prefix, undefined, call)) yield* check(code, key, look);
}

async function* check(
  code: string,
  key: string,
  look: (key: string) => Promise<void>,
): AsyncGenerator<Finding> {
  try {
    await look(key);
  } catch (error) {
    if (SendenseError.is(error) && error.code === 'NOT_FOUND' && key !== CONFIGURATION_KEY) return; // removed meanwhile
    if (SendenseError.is(error) && error.code !== 'CORRUPT' && error.code !== 'NOT_FOUND') throw error;
    yield damage(code, error, key);
  }
}
