import { SendenseError } from '@sendense/core';
import { type Kysely, sql } from 'kysely';
import type { CatalogStore } from '../sqlite/catalog-store.ts';
import { createJobTables } from './0001-job-tables.ts';
import { createJournalTables } from './0001-journal-tables.ts';
import { createPointTables } from './0001-point-tables.ts';
import type { Migration } from './migration.ts';
import type { Tables } from './tables.ts';

/** The migration at index N makes version N + 1. Forward only. */
export const MIGRATIONS: readonly Migration[] = [
  async (db) => {
    await createJournalTables(db);
    await createPointTables(db);
    await createJobTables(db);
  },
];

async function currentVersion(db: Kysely<Tables>): Promise<number> {
  await sql`create table if not exists sendense_schema (version integer not null, migrated_at text not null)`.execute(
    db,
  );
  return (await db.selectFrom('sendense_schema').select('version').executeTakeFirst())?.version ?? 0;
}

function refuseNewer(version: number, known: number, path: string): void {
  if (version <= known) return;
  throw new SendenseError(
    'FORMAT_UNSUPPORTED',
    `the catalog ${path} has schema version ${version}, this version of Sendense knows up to ${known}`,
    {
      operation: 'migrate-catalog',
      remedy: 'use the version of Sendense that wrote it, or a newer one',
      context: { version, known },
    },
  );
}

/**
 * Brings the schema to the newest version in one transaction: an interrupted migration leaves the old schema.
 * Throws `FORMAT_UNSUPPORTED` when the file was written by a newer version.
 */
export function migrate(store: CatalogStore, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  return store.write('migrate-catalog', async (db) => {
    const version = await currentVersion(db);
    refuseNewer(version, migrations.length, store.path);
    if (version === migrations.length) return;
    for (const migration of migrations.slice(version)) await migration(db);
    await db.deleteFrom('sendense_schema').execute();
    await db
      .insertInto('sendense_schema')
      .values({ version: migrations.length, migrated_at: store.now() })
      .execute();
  });
}
