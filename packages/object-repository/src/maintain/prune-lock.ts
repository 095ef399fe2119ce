import { type Call, SendenseError } from '@sendense/core';
import { newObjectId, type RepositoryContext } from '../context.ts';
import { lockKey, numberAtEnd, PREFIXES } from '../layout/object-keys.ts';
import { openRecord, sealRecord } from '../records/sealed-json.ts';
import { lockRecord } from '../records/small-records.ts';
import { getSmall, MAX_SEALED_BYTES } from '../store/get-listed.ts';
import { deleteUnlessLocked } from '../store/locked-objects.ts';
import { TIME_GRAIN_MS } from '../store/object-store.ts';
import { StoreAge } from '../store/store-age.ts';
import { askStoreTime, storeTime } from '../store/store-time.ts';

/** How long a lock holds, by the store's clock. */
const LEASE_MS = 3600 * 1000;
/** After so much of it the holder renews. */
const RENEW_MS = LEASE_MS / 2;
/** Later nothing is sent that must not come after the lock of another one. */
const SEND_MS = (LEASE_MS * 3) / 4;
/** What was sent takes effect within so much of that, or never. */
export const EFFECT_MS = LEASE_MS - SEND_MS;

/** The lock of the one who prunes; see the format, section 5. */
export interface PruneLock extends AsyncDisposable {
  /** The store's time when the lock was taken. */
  readonly takenAt: Date;
  /** Renews the lock when it is old by what this machine knows. Rejects with `FENCED` when another one has it. */
  check(call?: Call): Promise<void>;
  /**
   * As `check`, by the store's time too: both clocks of this machine stand still while it is suspended. To be awaited right before an
   * index object is sent or something is deleted; what it gives removes what told the time, and is to be awaited after that.
   */
  confirm(call?: Call): Promise<(call?: Call) => Promise<void>>;
  /** Whether another one may have had the lock when an object that was sent came to be. */
  mayBeLost(modifiedAt: Date): boolean;
  /** For `put`: throws `FENCED` when so much of the lock is over that another one may have it when the object appears. */
  readonly beforeSend: () => void;
}

/** Takes the lock. Rejects with `LOCKED` while another one has it. */
export async function takePruneLock(context: RepositoryContext, call?: Call): Promise<PruneLock> {
  const last = await lastLock(context, call);
  if (last !== undefined && (await storeTime(context, call)).getTime() - last.modifiedAt.getTime() < LEASE_MS)
    throw locked();
  const token = newObjectId(context.random);
  const age = new StoreAge(context.clock);
  const number = (last?.number ?? -1) + 1;
  const putAt = await putLock(context, number, token, call).catch((error: unknown) => {
    throw SendenseError.is(error, 'ALREADY_EXISTS') ? locked(error) : error;
  });
  return new HeldLock(context, token, { number, putAt, age });
}

/** The lock that was put last, when that was by the store, and how long ago. */
type LastLock = { readonly number: number; readonly putAt: Date; readonly age: StoreAge };

class HeldLock implements PruneLock {
  readonly takenAt: Date;
  readonly #context: RepositoryContext;
  readonly #token: string;
  #last: LastLock;

  readonly beforeSend = (): void => {
    if (this.#last.age.ms > SEND_MS) throw lost();
  };

  constructor(context: RepositoryContext, token: string, last: LastLock) {
    this.#context = context;
    this.takenAt = last.putAt;
    this.#token = token;
    this.#last = last;
  }

  async check(call?: Call): Promise<void> {
    if (this.#last.age.ms < RENEW_MS) return;
    if (!(await this.#isOurs(call))) throw lost();
    const { number } = this.#last;
    const age = new StoreAge(this.#context.clock);
    const putAt = await putLock(this.#context, number + 1, this.#token, call).catch((error: unknown) => {
      throw SendenseError.is(error, 'ALREADY_EXISTS') ? lost(error) : error;
    });
    // numbers begin anew when every lock is gone: the next one may have been free because another one had come and gone
    if (!(await this.#isOurs(call))) {
      await deleteUnlessLocked(this.#context.store, lockKey(number + 1), call);
      throw lost();
    }
    this.#last = { number: number + 1, putAt, age };
  }

  async confirm(call?: Call): Promise<(call?: Call) => Promise<void>> {
    const { putAt, age } = this.#last;
    const { forget } = await age.learn(putAt, () => askStoreTime(this.#context, call));
    try {
      await this.check(call);
    } catch (error) {
      await forget(call);
      throw error;
    }
    return forget;
  }

  mayBeLost(modifiedAt: Date): boolean {
    return modifiedAt.getTime() - this.#last.putAt.getTime() >= LEASE_MS - TIME_GRAIN_MS;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // while ours is there, lower numbers are older; when it is not, they may be those of another one
    if (!(await this.#isOurs())) return;
    const older: string[] = [];
    for await (const { key } of this.#context.store.list(PREFIXES.locks))
      if ((numberAtEnd(key) ?? Number.POSITIVE_INFINITY) <= this.#last.number) older.push(key);
    // one that object lock keeps is free an hour after it was taken
    for (const key of older.toReversed()) await deleteUnlessLocked(this.#context.store, key);
  }

  /** Whether the lock that we took last still is there and ours. */
  async #isOurs(call?: Call): Promise<boolean> {
    const key = lockKey(this.#last.number);
    const { store, sealer } = this.#context;
    try {
      const bytes = await getSmall(store, key, MAX_SEALED_BYTES, call);
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

/** The error of a pruner whose lock another one may have. */
export function lost(cause?: unknown, remedy = 'nothing was lost; the other one goes on'): SendenseError {
  return new SendenseError('FENCED', 'another process took over the prune of this repository', {
    operation: 'lock-repository',
    remedy,
    cause,
  });
}
