import { SendenseError } from '@sendense/core';
import type { Kysely } from 'kysely';
import type { Tables } from '../schema/tables.ts';
import type { CatalogStore } from '../sqlite/catalog-store.ts';
import type { Lease } from './lease.ts';

/** What a lease is made of. */
export type LeaseTerms = {
  readonly name: string;
  readonly holder: string;
  readonly token: number;
  readonly ttlMs: number;
};

/** A {@link Lease} on the table `leases`. */
export class CatalogLease implements Lease {
  readonly name: string;
  readonly holder: string;
  readonly token: number;
  readonly #ttlMs: number;
  readonly #store: CatalogStore;

  constructor(store: CatalogStore, terms: LeaseTerms) {
    this.#store = store;
    this.name = terms.name;
    this.holder = terms.holder;
    this.token = terms.token;
    this.#ttlMs = terms.ttlMs;
  }

  /** Whether this lease belongs to the catalog behind `store`, so that its rows can be looked at in a transaction. */
  isOf(store: CatalogStore): boolean {
    return this.#store === store;
  }

  check(): Promise<void> {
    return this.#store.read('check-fence', (db) => this.checkIn(db));
  }

  /** The same as `check` within a transaction: nobody can take the lease between the check and the commit. */
  async checkIn(db: Kysely<Tables>): Promise<void> {
    const row = await db
      .selectFrom('leases')
      .select(['token', 'expires_at_ms'])
      .where('name', '=', this.name)
      .where('token', '=', this.token)
      .where('holder', '=', this.holder)
      .executeTakeFirst();
    if (row === undefined || row.expires_at_ms <= this.#store.clock.now().getTime()) throw this.#lost();
  }

  renew(): Promise<void> {
    return this.#store.write('renew-fence', async (db) => {
      await this.checkIn(db);
      await db
        .updateTable('leases')
        .set({ expires_at_ms: this.#store.clock.now().getTime() + this.#ttlMs })
        .where('name', '=', this.name)
        .execute();
    });
  }

  /** Gives the lease up; harmless when it is lost already. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store.write('release-fence', (db) =>
      db
        .updateTable('leases')
        .set({ holder: null, expires_at_ms: 0 })
        .where('name', '=', this.name)
        .where('token', '=', this.token)
        .execute(),
    );
  }

  #lost(): SendenseError {
    return new SendenseError('FENCED', `the lease of ${this.name} was lost by ${this.holder}`, {
      operation: 'check-fence',
      remedy: 'another process took over; look at its job, then repeat',
      context: { name: this.name, token: this.token },
    });
  }
}
