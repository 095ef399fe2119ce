import { type Call, type Clock, type PointId, SendenseError } from '@sendense/core';
import type { PutOptions } from '../store/object-store.ts';
import { Stopwatch } from '../store/stopwatch.ts';

/** Creates an object with these options. */
type Send<T> = (options: Pick<PutOptions, 'beforeSend'>, call: Call) => Promise<T>;

/** The longest time that timers take. */
const MOST_MS = 2 ** 31 - 1;

/**
 * Until when a point may rely on what it found: half the grace. Measured by the two clocks of this machine and by that of the
 * store, because any of the first two may stand still or jump; see the format, sections 4 and 5.
 */
export class Deadline {
  readonly #graceMs: number;
  readonly #watch: Stopwatch;
  readonly #storeTime: (call: Call) => Promise<Date>;
  /** The store's time when the first pack was to be removed. */
  #givenUpAt: Promise<Date> | undefined;
  /** The store's time of the first object that was created, and how long after the beginning it was there. */
  #first: { readonly at: Date; readonly afterMs: number } | undefined;
  /** How long after the beginning the last object was there, by the store. */
  #storeMs = 0;

  /** `storeTime` asks the store for its time now. */
  constructor(graceMs: number, clock: Clock, storeTime: (call: Call) => Promise<Date>) {
    this.#graceMs = graceMs;
    this.#storeTime = storeTime;
    this.#watch = new Stopwatch(clock);
  }

  /** Learns the store's time of an object that was created just now. */
  note(modifiedAt: Date): void {
    this.#first ??= { at: modifiedAt, afterMs: this.#watch.elapsedMs };
    const byStore = this.#first.afterMs + modifiedAt.getTime() - this.#first.at.getTime();
    this.#storeMs = Math.max(this.#storeMs, byStore);
  }

  /** Milliseconds since the point was begun, at least. */
  get #elapsedMs(): number {
    return Math.max(this.#watch.elapsedMs, this.#storeMs);
  }

  /** Throws `EXPIRED` when prune may have deleted what the point relies on, its own packs too. */
  check(point: PointId): void {
    if (this.#isLate) throw expired(point, 'none');
  }

  /**
   * Deletes a pack of the point that nobody can rely on yet, when it is not too late for that. It takes effect as what is sent. The
   * store is asked anew: both clocks of this machine may have stood still since it told its time. Rejects when it does not answer.
   */
  async remove(storedAt: Date | undefined, run: (call: Call) => Promise<void>): Promise<void> {
    if (storedAt === undefined || this.#isLate) return;
    this.#givenUpAt ??= this.#storeTime({ signal: this.#expiry() });
    const ageMs = (await this.#givenUpAt).getTime() - storedAt.getTime();
    if (ageMs <= this.#graceMs / 2 && !this.#isLate) await run({ signal: this.#expiry() });
  }

  get #isLate(): boolean {
    return this.#elapsedMs > this.#graceMs / 2;
  }

  #expiry(): AbortSignal {
    const leftMs = (this.#graceMs * 3) / 4 - this.#elapsedMs;
    return AbortSignal.timeout(Math.max(1, Math.min(MOST_MS, Math.floor(leftMs))));
  }

  /**
   * Sends what makes others rely on the point's packs, when it is not too late, and looks again before each attempt: timers stand
   * still while a machine sleeps. It must take effect within a quarter of the grace, or never: longer it is not waited for.
   */
  async send<T>(point: PointId, send: Send<T>, call?: Call): Promise<T> {
    this.check(point);
    let isSent = false;
    const beforeSend = () => {
      if (this.#isLate) throw expired(point, isSent ? 'unknown' : 'none');
      isSent = true;
    };
    const expiry = this.#expiry();
    const signal = call?.signal === undefined ? expiry : AbortSignal.any([call.signal, expiry]);
    try {
      return await send({ beforeSend }, { ...call, signal });
    } catch (error) {
      if (expiry.aborted && call?.signal?.aborted !== true) throw expired(point, 'unknown', error);
      throw error;
    }
  }
}

function expired(point: PointId, effect: 'none' | 'unknown', cause?: unknown): SendenseError {
  return new SendenseError('EXPIRED', `point ${point} took longer than half the grace of the repository`, {
    operation: 'commit-point',
    effect,
    remedy:
      'run the backup again: what is stored already is not sent again; or make a repository with a longer grace',
    context: { point },
    cause,
  });
}
