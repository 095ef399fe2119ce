import { type Call, SendenseError } from '@sendense/core';
import { newObjectId, type RepositoryContext } from '../context.ts';
import { lockKey, numberAtEnd, PREFIXES } from '../layout/object-keys.ts';
import { sealRecord } from '../records/sealed-json.ts';
import { lockRecord } from '../records/small-records.ts';

/** How long a lock holds, by the store's clock. */
const LEASE_MS = 3600 * 1000;
/** After so much of it the holder renews. */
const RENEW_MS = LEASE_MS / 2;

/** The lock of the one who prunes; see the format, section 5. */
export interface PruneLock extends AsyncDisposable {
  /** The store's time when the lock was taken. */
  readonly takenAt: Date;
  /** Renews the lock when it is old. Rejects with `FENCED` when another one has it. */
  check(call?: Call): Promise<void>;
}

/** Takes the lock. Rejects with `LOCKED` while another one has it. */
export async function takePruneLock(context: RepositoryContext, call?: Call): Promise<PruneLock> {
  const { clock } = context;
  const last = await lastLock(context, call);
  if (last !== undefined && (await storeTime(context, call)).getTime() - last.modifiedAt.getTime() < LEASE_MS)
    throw locked();
  let number = (last?.number ?? -1) + 1;
  const takenAt = await putLock(context, number, call).catch((error: unknown) => {
    throw SendenseError.is(error, 'ALREADY_EXISTS') ? locked(error) : error;
  });
  let renewedMs = clock.monotonicMs();
  return {
    takenAt,
    async check(checked) {
      if (clock.monotonicMs() - renewedMs < RENEW_MS) return;
      await putLock(context, number + 1, checked).catch((error: unknown) => {
        throw SendenseError.is(error, 'ALREADY_EXISTS') ? lost(error) : error;
      });
      number += 1;
      renewedMs = clock.monotonicMs();
    },
    async [Symbol.asyncDispose]() {
      for (let old = number; old >= 0 && old > number - 1024; old -= 1)
        await context.store.delete(lockKey(old));
    },
  };
}

/** The store's time now: that of an object made for it. */
async function storeTime({ store, random }: RepositoryContext, call?: Call): Promise<Date> {
  const key = `${PREFIXES.probes}${newObjectId(random)}`;
  const { modifiedAt } = await store.put(key, random.bytes(1), undefined, call);
  await store.delete(key, call);
  return modifiedAt;
}

async function putLock(
  { store, sealer, random }: RepositoryContext,
  number: number,
  call?: Call,
): Promise<Date> {
  const key = lockKey(number);
  const record = { holder: `process ${process.pid}`, token: newObjectId(random) };
  return (await store.put(key, sealRecord(sealer, lockRecord, key, record), undefined, call)).modifiedAt;
}

async function lastLock({ store }: RepositoryContext, call?: Call) {
  let last: { readonly number: number; readonly modifiedAt: Date } | undefined;
  for await (const { key, modifiedAt } of store.list(PREFIXES.locks, undefined, call)) {
    const number = numberAtEnd(key);
    if (number !== undefined) last = { number, modifiedAt };
  }
  return last;
}

function locked(cause?: unknown): SendenseError {
  return new SendenseError('LOCKED', 'another process prunes this repository', {
    operation: 'lock-repository',
    remedy: 'repeat when it has ended; the lock of one that died is free after an hour',
    cause,
  });
}

function lost(cause: unknown): SendenseError {
  return new SendenseError('FENCED', 'another process took over the prune of this repository', {
    operation: 'lock-repository',
    remedy: 'nothing was lost; the other one goes on',
    cause,
  });
}
