import { type CreateTableBuilder, sql } from 'kysely';
import type { Migration } from './migration.ts';

function jobColumns<Name extends string>(table: CreateTableBuilder<Name>): CreateTableBuilder<Name, string> {
  return table
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('status', 'text', (column) =>
      column.notNull().check(sql`status in ('pending', 'running', 'completed', 'failed', 'cancelled')`),
    )
    .addColumn('holder', 'text')
    .addColumn('cancel_requested', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text')
    .addColumn('finished_at', 'text')
    .addColumn('error_json', 'text');
}

const backups: Migration = async (db) => {
  await jobColumns(db.schema.createTable('backup_jobs'))
    .addColumn('machine_key', 'text')
    .addColumn('machine_name', 'text')
    .addColumn('repository_id', 'text')
    .addColumn('requested_type', 'text', (column) =>
      column.notNull().check(sql`requested_type in ('auto', 'full', 'incremental', 'differential')`),
    )
    .addColumn('type', 'text', (column) => column.check(sql`type in ('full', 'incremental', 'differential')`))
    .addColumn('reason', 'text')
    .addColumn('point_id', 'text')
    .addColumn('bytes_read', 'bigint')
    .addColumn('changed_bytes', 'bigint')
    .addColumn('stored_bytes', 'bigint')
    .addColumn('findings_json', 'text')
    .execute();
};

const restores: Migration = async (db) => {
  await jobColumns(db.schema.createTable('restore_jobs'))
    .addColumn('repository_id', 'text')
    .addColumn('point_id', 'text')
    .addColumn('target', 'text')
    .addColumn('written_bytes', 'bigint')
    .addColumn('verified', 'integer')
    .addColumn('findings_json', 'text')
    .execute();
  await db.schema
    .createTable('restore_steps')
    .addColumn('job_id', 'text', (column) =>
      column.notNull().references('restore_jobs.id').onDelete('cascade'),
    )
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('error_json', 'text')
    .addColumn('started_at', 'text')
    .addColumn('finished_at', 'text')
    .addPrimaryKeyConstraint('restore_steps_key', ['job_id', 'name'])
    .execute();
};

const replications: Migration = async (db) => {
  await jobColumns(db.schema.createTable('replication_jobs'))
    .addColumn('machine_key', 'text', (column) => column.notNull())
    .addColumn('replica_id', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('policy_json', 'text', (column) => column.notNull())
    .addColumn('last_instant_id', 'text')
    .addColumn('last_synced_at', 'text')
    .execute();
};

/** Backup, restore and replication jobs: history that lives only in the catalog. */
export const createJobTables: Migration = async (db) => {
  for (const part of [backups, restores, replications]) await part(db);
};
