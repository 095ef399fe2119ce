import { type Call, type Finding, SendenseError } from '@sendense/core';
import { newObjectId, type RepositoryContext } from '../context.ts';
import { PackIdSet } from '../index/pack-id-set.ts';
import { PREFIXES } from '../layout/object-keys.ts';
import { openRecord, sealRecord } from '../records/sealed-json.ts';
import { damageRecord, MOST_PACKS } from '../records/small-records.ts';
import { getRecord } from '../store/get-listed.ts';

/** A record of packs that a verification found missing or damaged, or that came to be named late. */
export type DamagedPacks = { readonly key: string; readonly modifiedAt: Date; readonly packs: PackIdSet };

/** What reading them takes of a repository. */
type DamageContext = Pick<RepositoryContext, 'store' | 'sealer' | 'log'>;

/** The damage records of the store. One that cannot be read is told in the log: verify finds again what it named. */
export async function readDamagedPacks(
  context: DamageContext,
  call?: Call,
): Promise<readonly DamagedPacks[]> {
  return (await readDamageRecords(context, call)).records;
}

/** The same, and how many of them cannot be read. */
export async function readDamageRecords(
  { store, sealer, log }: DamageContext,
  call?: Call,
): Promise<{ readonly records: readonly DamagedPacks[]; readonly unreadable: number }> {
  const records: DamagedPacks[] = [];
  let unreadable = 0;
  for await (const listed of store.list(PREFIXES.damage, undefined, call)) {
    const { key, modifiedAt } = listed;
    try {
      const { packs } = openRecord(sealer, damageRecord, key, await getRecord(store, listed, call));
      records.push({ key, modifiedAt, packs: new PackIdSet(packs) });
    } catch (error) {
      if (SendenseError.is(error, 'NOT_FOUND')) continue; // removed meanwhile
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      unreadable += 1;
      log({ level: 'warn', message: `${error.message}; verify again`, fields: { object: key } });
    }
  }
  return { records, unreadable };
}

/**
 * Keeps in mind which packs are hurt: writers store anew what is in them, and prune takes other copies. What waits when it is
 * disposed of is noted then, because the verification may have been stopped.
 */
export class DamageNotes implements AsyncDisposable {
  readonly #context: RepositoryContext;
  readonly #onUnnoted: (packs: readonly string[]) => void;
  readonly #noted = new Set<string>();
  readonly #waiting = new Set<string>();
  #known: readonly DamagedPacks[] | undefined;

  /** `onUnnoted` learns the packs that could not be noted because the store does not let this process write. */
  constructor(context: RepositoryContext, onUnnoted: (packs: readonly string[]) => void) {
    this.#context = context;
    this.#onUnnoted = onUnnoted;
  }

  /** Adds a hurt pack; it waits in memory until `settle`. */
  add(pack: string): void {
    if (!this.#noted.has(pack)) this.#waiting.add(pack);
  }

  /**
   * Notes what waits; to be awaited before damage is told, because who is told may stop there. Gives a finding when the store
   * does not let this process write.
   */
  async settle(call?: Call): Promise<readonly Finding[]> {
    const packs = [...this.#waiting];
    if (packs.length === 0) return [];
    const findings = await this.#put(packs, call);
    for (const pack of packs) this.#noted.add(pack);
    this.#waiting.clear();
    return findings;
  }

  /** Never rejects for what the store says: whoever stopped has an error of their own. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.settle();
    } catch (error) {
      if (!SendenseError.is(error)) throw error;
      const message = `${this.#waiting.size} damaged packs could not be noted: ${error.message}; verify again`;
      this.#context.log({ level: 'warn', message, fields: { code: error.code } });
    }
  }

  async #put(packs: readonly string[], call?: Call): Promise<readonly Finding[]> {
    this.#known ??= await readDamagedPacks(this.#context, call);
    const known = this.#known;
    const more = packs.filter((pack) => !known.some((record) => record.packs.has(pack)));
    try {
      await putDamagedPacks(this.#context, more, call);
      return [];
    } catch (error) {
      if (!SendenseError.is(error, 'PERMISSION_DENIED')) throw error;
      this.#onUnnoted(more);
      const message = `${more.length} damaged packs could not be noted: backups may still rely on what is in them`;
      return [{ severity: 'warning', code: 'damage-not-noted', message }];
    }
  }
}

/** Stores damage records of packs: writers that begin after it do not rely on them. */
export async function putDamagedPacks(
  { store, sealer, random }: Pick<RepositoryContext, 'store' | 'sealer' | 'random'>,
  packs: readonly string[],
  call?: Call,
): Promise<void> {
  for (let first = 0; first < packs.length; first += MOST_PACKS) {
    const key = `${PREFIXES.damage}${newObjectId(random)}`;
    const record = { packs: packs.slice(first, first + MOST_PACKS) };
    await store.put(key, sealRecord(sealer, damageRecord, key, record), undefined, call);
  }
}
