import { sql } from 'kysely';
import type { Migration } from './migration.ts';

const repositories: Migration = async (db) => {
  await db.schema
    .createTable('repositories')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('location', 'text', (column) => column.notNull())
    .addColumn('config_json', 'text', (column) => column.notNull())
    .addColumn('enabled', 'integer', (column) => column.notNull())
    .addColumn('total_bytes', 'bigint')
    .addColumn('available_bytes', 'bigint')
    .addColumn('stored_bytes', 'bigint')
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('machines')
    .addColumn('repository_id', 'text', (column) => column.notNull().references('repositories.id'))
    .addColumn('machine_key', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('platform', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('machines_key', ['repository_id', 'machine_key'])
    .execute();
};

const points: Migration = async (db) => {
  await db.schema
    .createTable('points')
    .addColumn('repository_id', 'text', (column) => column.notNull().references('repositories.id'))
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('machine_key', 'text', (column) => column.notNull())
    .addColumn('stream_id', 'text', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('instant_id', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) =>
      column.notNull().check(sql`kind in ('full', 'incremental', 'differential')`),
    )
    .addColumn('parent_id', 'text')
    .addColumn('consistency', 'text', (column) => column.notNull())
    .addColumn('stored_bytes', 'bigint', (column) => column.notNull())
    .addColumn('held', 'integer', (column) => column.notNull())
    .addColumn('note', 'text')
    .addPrimaryKeyConstraint('points_key', ['repository_id', 'id'])
    .execute();
  await db.schema
    .createIndex('points_by_machine')
    .on('points')
    .columns(['repository_id', 'machine_key', 'at'])
    .execute();
};

const pointDisks: Migration = async (db) => {
  await db.schema
    .createTable('point_disks')
    .addColumn('repository_id', 'text', (column) => column.notNull())
    .addColumn('point_id', 'text', (column) => column.notNull())
    .addColumn('disk_number', 'integer', (column) => column.notNull())
    .addColumn('disk_id', 'text', (column) => column.notNull())
    .addColumn('size_bytes', 'bigint', (column) => column.notNull())
    .addColumn('base_point_id', 'text')
    .addColumn('full_point_id', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('stored_bytes', 'bigint', (column) => column.notNull())
    .addColumn('written_bytes', 'bigint', (column) => column.notNull())
    .addColumn('path', 'text')
    .addPrimaryKeyConstraint('point_disks_key', ['repository_id', 'point_id', 'disk_number'])
    .addForeignKeyConstraint(
      'point_disks_point',
      ['repository_id', 'point_id'],
      'points',
      ['repository_id', 'id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .execute();
};

const chains: Migration = async (db) => {
  await db.schema
    .createTable('chains')
    .addColumn('repository_id', 'text', (column) => column.notNull().references('repositories.id'))
    .addColumn('machine_key', 'text', (column) => column.notNull())
    .addColumn('disk_number', 'integer', (column) => column.notNull())
    .addColumn('full_point_id', 'text', (column) => column.notNull())
    .addColumn('points', 'integer', (column) => column.notNull())
    .addColumn('stored_bytes', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('chains_key', ['repository_id', 'machine_key', 'disk_number', 'full_point_id'])
    .execute();
};

/** Repositories, machines, points, their disks and chains: everything that `rebuild` can read back. */
export const createPointTables: Migration = async (db) => {
  for (const part of [repositories, points, pointDisks, chains]) await part(db);
};
