import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { PackIdSet } from '../index/pack-id-set.ts';
import { CONFIGURATION_KEY, PREFIXES, packKey } from '../layout/object-keys.ts';
import type { FoundPoint } from '../read/point-catalog.ts';
import { checkRetention } from '../store/check-retention.ts';
import { damage } from '../verify/damage.ts';
import { eachPack, lockOf } from '../write/lock-objects.ts';
import { readDamagedPacks } from './damaged-packs.ts';
import { LivePacks } from './live-packs.ts';
import { type MarkRequest, markLive } from './mark-live.ts';
import { withOwnIndex } from './own-index.ts';
import { readPlans } from './plans.ts';

/** What a renewal of locks did. */
export type LockReport = {
  /** Until when what the points need is locked, but for what the findings name. */
  readonly until: Date;
  /** Points whose packs could all be told and whose manifests are locked. */
  readonly points: number;
  /** Objects that are locked until then now. */
  readonly objects: number;
  /** What is damaged or gone, so that no lock helps. */
  readonly findings: readonly Finding[];
};

/**
 * Locks all that the points need for as long as a point that is committed now would be; see the format, section 6. Points that a policy
 * keeps for longer than they were locked are open to whoever may delete, unless newer ones share all of their packs. What is locked
 * here cannot go any earlier than that either. Needs `retain` of the store, not `put` or `delete`. Rejects with `UNSUPPORTED` where
 * nobody says how long points must live, or the store has no object lock.
 */
export async function renewLocks(shared: RepositoryContext, call?: Call): Promise<LockReport> {
  shared.enter('renew-locks', call);
  const { retainUntil } = lockOf(shared);
  if (retainUntil === undefined) throw noRetention();
  checkRetention(shared.store);
  await using context = withOwnIndex(shared);
  // in the order of a writer: format, section 4
  const plans = await readPlans(context, call);
  const { points, damaged } = await context.points.all(call);
  await context.index.refresh(call);
  const condemned = [...plans, ...(await readDamagedPacks(context, call))].map(({ packs }) => packs);
  const renewal = new Renewal(context, retainUntil, [...condemned, context.index.young], call);
  for (const [key, error] of damaged) renewal.findings.push(damage('point-damaged', error, key));
  await renewal.lockShared();
  const whole = await renewal.lockPacks(points);
  // last: whoever sees a manifest locked finds its packs locked
  for (const { key } of whole) await renewal.lock(key);
  const { objects, findings } = renewal;
  return { until: retainUntil, points: whole.length, objects, findings };
}

class Renewal {
  readonly findings: Finding[] = [];
  /** Objects that were locked, each counted once. */
  objects = 0;
  readonly #context: RepositoryContext;
  readonly #until: Date;
  readonly #avoided: readonly PackIdSet[];
  readonly #call: Call | undefined;

  constructor(
    context: RepositoryContext,
    until: Date,
    avoided: readonly PackIdSet[],
    call: Call | undefined,
  ) {
    this.#context = context;
    this.#until = until;
    this.#avoided = avoided;
    this.#call = call;
  }

  /** Locks an object. Whether it is there. */
  async lock(key: string): Promise<boolean> {
    throwIfAborted(this.#call?.signal, 'renew-locks');
    try {
      await this.#context.store.retain(key, this.#until, this.#call);
      this.objects += 1;
      return true;
    } catch (error) {
      if (!SendenseError.is(error, 'NOT_FOUND')) throw error;
      return false; // deleted meanwhile
    }
  }

  /** Locks what every point needs: the configuration, the key slots and the numbers of disks. */
  async lockShared(): Promise<void> {
    await this.lock(CONFIGURATION_KEY);
    for (const prefix of [PREFIXES.slots, PREFIXES.disks])
      for await (const { key } of this.#context.store.list(prefix, undefined, this.#call))
        await this.lock(key);
  }

  /** Locks the packs of those points that are not hurt, and gives these. */
  async lockPacks(points: readonly FoundPoint[]): Promise<readonly FoundPoint[]> {
    const find = (some: readonly FoundPoint[]) =>
      LivePacks.find(this.#context, this.#request(some), this.#call);
    let whole = points;
    const live = await find(points).catch(async (error: unknown) => {
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      whole = await this.#unhurt(points);
      return find(whole);
    });
    await using closing = live;
    await eachPack(closing.packs, (pack) => this.#lockPack(pack));
    return whole;
  }

  #request(points: readonly FoundPoint[]): MarkRequest {
    return { points, avoided: this.#avoided, check: async () => undefined, operation: 'renew-locks' };
  }

  /**
   * Tells of each point whether its maps can be read; their packs are looked for once, for all that are whole. Each has marks of its own:
   * what was marked of one that is hurt was not walked to its end.
   */
  async #unhurt(points: readonly FoundPoint[]): Promise<readonly FoundPoint[]> {
    const table = await this.#context.index.table(this.#call);
    const whole: FoundPoint[] = [];
    for (const point of points) {
      try {
        await markLive(this.#context, table, this.#request([point]), this.#call);
        whole.push(point);
      } catch (error) {
        if (!SendenseError.is(error, 'CORRUPT')) throw error;
        this.findings.push({ ...damage('point-damaged', error, point.key), point: point.record.id });
      }
    }
    return whole;
  }

  async #lockPack(pack: string): Promise<void> {
    const object = packKey(pack);
    if (await this.lock(object)) return;
    const message = `${object} is gone, and points need what was in it: run verify, which names them`;
    this.findings.push({ severity: 'error', code: 'pack-missing', message, object });
  }
}

function noRetention(): SendenseError {
  return new SendenseError('UNSUPPORTED', 'nobody says how long the points of this repository must live', {
    operation: 'renew-locks',
    remedy: 'say it when the repository is opened ("retainMs"), or make it with that',
  });
}
