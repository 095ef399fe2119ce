import { type Call, type Clock, type PointId, SendenseError } from '@sendense/core';
import { isBeyondGrace } from '../read/late-manifest.ts';
import type { ObjectStatus, PutOptions } from '../store/object-store.ts';
import { StoreAge } from '../store/store-age.ts';
import type { ToldTime } from '../store/store-time.ts';

/** Creates an object with these options. */
type Send = (options: Pick<PutOptions, 'beforeSend'>, call: Call) => Promise<ObjectStatus>;

/** The longest time that timers take. */
const MOST_MS = 2 ** 31 - 1;

/** Asks the store for its time now. */
type AskTime = (call: Call) => Promise<ToldTime>;

/**
 * Until when a point may rely on what it found: half the grace. Measured by the two clocks of this machine and by that of the
 * store, because each of the first two, or both, may stand still or jump; see the format, sections 4 and 5.
 */
export class Deadline {
  readonly #graceMs: number;
  readonly #age: StoreAge;
  readonly #askTime: AskTime;
  /** The store's time when the point was begun. */
  readonly begunAt: Date;
  /** How long after that the last object was there, by the store. */
  #storeMs = 0;

  private constructor(graceMs: number, age: StoreAge, askTime: AskTime, begunAt: Date) {
    this.#graceMs = graceMs;
    this.#age = age;
    this.#askTime = askTime;
    this.begunAt = begunAt;
  }

  /** Begins now; `askTime` asks the store for its time. */
  static async begin(graceMs: number, clock: Clock, askTime: AskTime, call: Call = {}): Promise<Deadline> {
    const age = new StoreAge(clock);
    const { now, forget } = await askTime(call);
    await forget(call);
    return new Deadline(graceMs, age, askTime, now);
  }

  /** Learns the store's time of an object that was created just now. */
  note(modifiedAt: Date): void {
    this.#storeMs = Math.max(this.#storeMs, modifiedAt.getTime() - this.begunAt.getTime());
  }

  /** Milliseconds since the point was begun, at least. */
  get #elapsedMs(): number {
    return Math.max(this.#age.ms, this.#storeMs);
  }

  /** Throws `EXPIRED` when prune may have deleted what the point relies on, its own packs too. */
  check(point: PointId): void {
    if (this.#isLate) throw expired(point, 'none');
  }

  get #isLate(): boolean {
    return this.#elapsedMs > this.#graceMs / 2;
  }

  #expiry(): AbortSignal {
    const leftMs = (this.#graceMs * 3) / 4 - this.#elapsedMs;
    return AbortSignal.timeout(Math.max(1, Math.min(MOST_MS, Math.floor(leftMs))));
  }

  /**
   * Sends what makes others rely on the point's packs, when it is not too late: asks the store for its time first, and looks at the
   * clocks again before each attempt, because timers stand still while a machine sleeps. It must take effect within a quarter of
   * the grace, or never: longer it is not waited for. Of what was made later all the same `late` is told before this rejects.
   */
  async send(point: PointId, send: Send, call?: Call, late?: () => Promise<void>): Promise<void> {
    this.check(point);
    const ask = () => this.#inTime(point, 'none', this.#askTime, call);
    const { forget } = await this.#age.learn(this.begunAt, ask);
    try {
      this.check(point);
      let isSent = false;
      const beforeSend = () => {
        if (this.#isLate) throw expired(point, isSent ? 'unknown' : 'none');
        isSent = true;
      };
      const { modifiedAt } = await this.#inTime(
        point,
        'unknown',
        (bounded) => send({ beforeSend }, bounded),
        call,
      );
      this.note(modifiedAt);
      if (isBeyondGrace(this.#graceMs, this.begunAt, modifiedAt)) {
        await late?.();
        throw expired(point, 'none');
      }
    } finally {
      await forget(call);
    }
  }

  /** Runs something that ends by the last moment at which what is sent may take effect; `effect` is what is known then. */
  async #inTime<T>(
    point: PointId,
    effect: 'none' | 'unknown',
    run: (call: Call) => Promise<T>,
    call?: Call,
  ): Promise<T> {
    const expiry = this.#expiry();
    const signal = call?.signal === undefined ? expiry : AbortSignal.any([call.signal, expiry]);
    try {
      return await run({ ...call, signal });
    } catch (error) {
      if (expiry.aborted && call?.signal?.aborted !== true) throw expired(point, effect, error);
      throw error;
    }
  }
}

/** The error of a point that took too long. */
export function expired(point: PointId, effect: 'none' | 'unknown', cause?: unknown): SendenseError {
  return new SendenseError('EXPIRED', `point ${point} took longer than half the grace of the repository`, {
    operation: 'commit-point',
    effect,
    remedy:
      'run the backup again: what is stored already is not sent again; or make a repository with a longer grace',
    context: { point },
    cause,
  });
}
