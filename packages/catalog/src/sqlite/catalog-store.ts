import { type Clock, SendenseError } from '@sendense/core';
import { Kysely, SqliteDialect, type Transaction } from 'kysely';
import type { Tables } from '../schema/tables.ts';
import { adaptDatabase } from './adapt-database.ts';
import { openDatabase } from './open-database.ts';
import { waitWhileBusy } from './wait-while-busy.ts';

/** The database behind a catalog: every query goes through it, so that errors and waiting are alike everywhere. */
export class CatalogStore implements AsyncDisposable {
  readonly path: string;
  readonly clock: Clock;
  readonly #db: Kysely<Tables>;
  readonly #busyTimeoutMs: number;
  #closed: Promise<void> | undefined;

  constructor(db: Kysely<Tables>, path: string, clock: Clock, busyTimeoutMs: number) {
    this.#db = db;
    this.path = path;
    this.clock = clock;
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  /** Runs queries that change nothing. */
  read<T>(operation: string, query: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    return this.#patiently(operation, () => query(this.#db));
  }

  /** Runs `change` in one transaction that is durable when this resolves; it may run again after a wait. */
  write<T>(operation: string, change: (transaction: Transaction<Tables>) => Promise<T>): Promise<T> {
    return this.#patiently(operation, () => this.#db.transaction().execute(change));
  }

  /** The instant as the catalog stores it. */
  now(): string {
    return this.clock.now().toISOString();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#db.destroy();
    return this.#closed;
  }

  #patiently<T>(operation: string, run: () => Promise<T>): Promise<T> {
    const { path, clock } = this;
    return waitWhileBusy({ operation, path, clock, timeoutMs: this.#busyTimeoutMs }, async () => {
      if (this.#closed === undefined) return await run();
      throw new SendenseError('NOT_OPEN', 'the catalog was closed', { operation });
    });
  }
}

/** Opens the store; the schema is not looked at. */
export async function openStore(path: string, clock: Clock, busyTimeoutMs: number): Promise<CatalogStore> {
  const wait = { operation: 'open-catalog', path, clock, timeoutMs: busyTimeoutMs };
  const database = await waitWhileBusy(wait, () => openDatabase(path));
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: adaptDatabase(database) }) });
  // kysely closes only a database that a query has reached
  await db.connection().execute(() => Promise.resolve());
  return new CatalogStore(db, path, clock, busyTimeoutMs);
}
