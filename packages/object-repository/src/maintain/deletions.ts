import { type Call, SendenseError } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { putDamagedPacks } from './damaged-packs.ts';
import { lost, type PruneLock } from './prune-lock.ts';

/** The store is asked how old the lock is before each so many deletions, and after the last one of a pack. */
const DELETIONS_AT_ONCE = 16;

/** To be awaited right before each deletion; `pack` is the one that is deleted, if it is one. Rejects with `FENCED`. */
export type Turn = (call?: Call, pack?: string) => Promise<void>;

/**
 * Runs something that deletes objects, a batch of 16 after each answer of the store to how old the lock is. When another one took the
 * lock within a batch, because this machine stood still by both of its clocks, a damage record names the packs of that batch: somebody
 * may rely on them by now. Rejects with `FENCED` then; see the format, section 4, rule 7.
 */
export async function withDeletions<T>(
  context: RepositoryContext,
  lock: PruneLock,
  run: (turn: Turn) => Promise<T>,
  call?: Call,
): Promise<T> {
  const deletions = new Deletions(context, lock);
  let result: T;
  try {
    result = await run((later, pack) => deletions.turn(later, pack));
  } catch (error) {
    await deletions.endAfterFailure();
    throw error;
  }
  await deletions.end(call);
  return result;
}

class Deletions {
  readonly #context: RepositoryContext;
  readonly #lock: PruneLock;
  #count = 0;
  /** Packs that were deleted since the store was asked. */
  #packs: string[] = [];
  #forget: (call?: Call) => Promise<void> = async () => undefined;

  constructor(context: RepositoryContext, lock: PruneLock) {
    this.#context = context;
    this.#lock = lock;
  }

  async turn(call?: Call, pack?: string): Promise<void> {
    await (this.#count % DELETIONS_AT_ONCE === 0 ? this.#ask(call) : this.#lock.check(call));
    this.#count += 1;
    if (pack !== undefined) this.#packs.push(pack);
  }

  /** Removes what told the time before, then asks: nothing comes between the answer and the next deletion. */
  async #ask(call?: Call): Promise<void> {
    await this.#forgetAnswer(call);
    try {
      this.#forget = await this.#lock.confirm(call);
    } catch (error) {
      if (!SendenseError.is(error, 'FENCED') || this.#packs.length === 0) throw error;
      await this.#disown();
      throw lost(error, 'run verify: it names points that lack what was deleted late, if there are any');
    }
    this.#packs = [];
  }

  async end(call?: Call): Promise<void> {
    if (this.#packs.length > 0) await this.#ask(call);
    await this.#forgetAnswer(call);
  }

  /** The failure is what the caller tells; a lock that cannot be asked for is taken for lost. */
  async endAfterFailure(): Promise<void> {
    try {
      await this.end().catch(async () => this.#disown());
    } catch (error) {
      if (!SendenseError.is(error)) throw error;
      const message = `packs that were deleted, maybe late, could not be noted: ${error.message}; run verify`;
      this.#context.log({ level: 'warn', message, fields: { code: error.code } });
    }
  }

  async #disown(): Promise<void> {
    await putDamagedPacks(this.#context, this.#packs);
    this.#packs = [];
  }

  async #forgetAnswer(call?: Call): Promise<void> {
    const forget = this.#forget;
    this.#forget = async () => undefined;
    await forget(call);
  }
}
