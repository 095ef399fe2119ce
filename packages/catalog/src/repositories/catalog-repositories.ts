import type { Json, Repository, RepositoryId, RepositoryUsage } from '@sendense/core';
import type { RepositoryTable } from '../schema/tables.ts';
import type { CatalogStore } from '../sqlite/catalog-store.ts';
import { parseJsonColumn } from '../sqlite/json-column.ts';
import { registerRepository } from './register-repository.ts';

/** A repository that this installation has met. */
export type KnownRepository = {
  readonly id: string;
  readonly kind: string;
  /** Where it is, as the user names it; never with credentials. */
  readonly location: string;
  readonly config: Json;
  readonly enabled: boolean;
  readonly totalBytes: number | null;
  readonly availableBytes: number | null;
  readonly storedBytes: number | null;
};

function known(row: RepositoryTable): KnownRepository {
  return {
    id: row.id,
    kind: row.kind,
    location: row.location,
    config: parseJsonColumn(row.config_json),
    enabled: row.enabled === 1,
    totalBytes: row.total_bytes,
    availableBytes: row.available_bytes,
    storedBytes: row.stored_bytes,
  };
}

/** The table `repositories`. */
export class CatalogRepositories {
  readonly #store: CatalogStore;

  constructor(store: CatalogStore) {
    this.#store = store;
  }

  /** Notes where a repository is and how it is configured. `config` must hold no secret: it is stored as it is. */
  async register(
    repository: Pick<Repository, 'id' | 'kind'>,
    details: { readonly location: string; readonly config?: Json },
  ): Promise<void> {
    await this.#store.write('register-repository', async (db) => {
      const now = this.#store.now();
      await registerRepository(db, repository, now);
      await db
        .updateTable('repositories')
        .set({
          location: details.location,
          config_json: JSON.stringify(details.config ?? {}),
          updated_at: now,
        })
        .where('id', '=', repository.id)
        .execute();
    });
  }

  /** Notes the sizes of a repository. */
  async recordUsage(id: RepositoryId, usage: RepositoryUsage): Promise<void> {
    await this.#update(id, {
      total_bytes: usage.totalBytes,
      available_bytes: usage.availableBytes,
      stored_bytes: usage.storedBytes,
    });
  }

  /** Allows or forbids new backups into a repository. */
  setEnabled(id: RepositoryId, enabled: boolean): Promise<void> {
    return this.#update(id, { enabled: enabled ? 1 : 0 });
  }

  /** One repository; `undefined` when this installation never met it. */
  get(id: RepositoryId): Promise<KnownRepository | undefined> {
    return this.#store.read('read-repository', async (db) => {
      const row = await db.selectFrom('repositories').selectAll().where('id', '=', id).executeTakeFirst();
      return row && known(row);
    });
  }

  /** All repositories by id. */
  list(): Promise<KnownRepository[]> {
    return this.#store.read('list-repositories', async (db) => {
      const rows = await db.selectFrom('repositories').selectAll().orderBy('id').execute();
      return rows.map(known);
    });
  }

  async #update(id: RepositoryId, change: Partial<RepositoryTable>): Promise<void> {
    await this.#store.write('update-repository', (db) =>
      db
        .updateTable('repositories')
        .set({ ...change, updated_at: this.#store.now() })
        .where('id', '=', id)
        .execute(),
    );
  }
}
