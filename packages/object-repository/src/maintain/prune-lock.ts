import { type Call, SendenseError } from '@sendense/core';
import { newObjectId, type RepositoryContext } from '../context.ts';
import { lockKey, numberAtEnd, PREFIXES } from '../layout/object-keys.ts';
import { MAX_RECORD_BYTES, openRecord, sealRecord } from '../records/sealed-json.ts';
import { lockRecord } from '../records/small-records.ts';
import { SEAL_BYTES } from '../seal/seal.ts';
import { getSmall } from '../store/get-listed.ts';
import { deleteUnlessLocked } from '../store/locked-objects.ts';
import { Stopwatch } from '../store/stopwatch.ts';
import { storeTime } from '../store/store-time.ts';

/** How long a lock holds, by the store's clock. */
const LEASE_MS = 3600 * 1000;
/** After so much of it the holder renews. */
const RENEW_MS = LEASE_MS / 2;
/** Later nothing is sent that must not come after the lock of another one. */
const SEND_MS = (LEASE_MS * 3) / 4;

/** The lock of the one who prunes; see the format, section 5. */
export interface PruneLock extends AsyncDisposable {
  /** The store's time when the lock was taken. */
  readonly takenAt: Date;
  /** Renews the lock when it is old. Rejects with `FENCED` when another one has it. */
  check(call?: Call): Promise<void>;
  /** For `put`: throws `FENCED` when so much of the lock is over that another one may have it when the object appears. */
  readonly beforeSend: () => void;
}

/** Takes the lock. Rejects with `LOCKED` while another one has it. */
export async function takePruneLock(context: RepositoryContext, call?: Call): Promise<PruneLock> {
  const last = await lastLock(context, call);
  if (last !== undefined && (await storeTime(context, call)).getTime() - last.modifiedAt.getTime() < LEASE_MS)
    throw locked();
  const token = newObjectId(context.random);
  const watch = new Stopwatch(context.clock);
  const number = (last?.number ?? -1) + 1;
  const takenAt = await putLock(context, number, token, call).catch((error: unknown) => {
    throw SendenseError.is(error, 'ALREADY_EXISTS') ? locked(error) : error;
  });
  return new HeldLock(context, { takenAt, number, token, watch });
}

type Held = {
  readonly takenAt: Date;
  readonly number: number;
  readonly token: string;
  readonly watch: Stopwatch;
};

class HeldLock implements PruneLock {
  readonly takenAt: Date;
  readonly #context: RepositoryContext;
  readonly #token: string;
  #number: number;
  #watch: Stopwatch;

  readonly beforeSend = (): void => {
    if (this.#watch.elapsedMs > SEND_MS) throw lost();
  };

  constructor(context: RepositoryContext, { takenAt, number, token, watch }: Held) {
    this.#context = context;
    this.takenAt = takenAt;
    this.#number = number;
    this.#token = token;
    this.#watch = watch;
  }

  async check(call?: Call): Promise<void> {
    if (this.#watch.elapsedMs < RENEW_MS) return;
    if (!(await this.#isOurs(call))) throw lost();
    const watch = new Stopwatch(this.#context.clock);
    await putLock(this.#context, this.#number + 1, this.#token, call).catch((error: unknown) => {
      throw SendenseError.is(error, 'ALREADY_EXISTS') ? lost(error) : error;
    });
    // numbers begin anew when every lock is gone: the next one may have been free because another one had come and gone
    if (!(await this.#isOurs(call))) {
      await deleteUnlessLocked(this.#context.store, lockKey(this.#number + 1), call);
      throw lost();
    }
    this.#number += 1;
    this.#watch = watch;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // while ours is there, lower numbers are older; when it is not, they may be those of another one
    if (!(await this.#isOurs())) return;
    const older: string[] = [];
    for await (const { key } of this.#context.store.list(PREFIXES.locks))
      if ((numberAtEnd(key) ?? Number.POSITIVE_INFINITY) <= this.#number) older.push(key);
    // one that object lock keeps is free an hour after it was taken
    for (const key of older.toReversed()) await deleteUnlessLocked(this.#context.store, key);
  }

  /** Whether the lock that we took last still is there and ours. */
  async #isOurs(call?: Call): Promise<boolean> {
    const key = lockKey(this.#number);
    const { store, sealer } = this.#context;
    try {
      const bytes = await getSmall(store, key, MAX_RECORD_BYTES + SEAL_BYTES, call);
      return openRecord(sealer, lockRecord, key, bytes).token === this.#token;
    } catch (error) {
      if (SendenseError.is(error, 'NOT_FOUND') || SendenseError.is(error, 'CORRUPT')) return false;
      throw error;
    }
  }
}

async function putLock(
  { store, sealer }: RepositoryContext,
  number: number,
  token: string,
  call?: Call,
): Promise<Date> {
  const key = lockKey(number);
  const record = { holder: `process ${process.pid}`, token };
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

function lost(cause?: unknown): SendenseError {
  return new SendenseError('FENCED', 'another process took over the prune of this repository', {
    operation: 'lock-repository',
    remedy: 'nothing was lost; the other one goes on',
    cause,
  });
}
