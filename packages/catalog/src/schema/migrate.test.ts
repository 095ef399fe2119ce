import { systemClock } from '@sendense/core';
import { expect, it } from 'vitest';
import { openStore } from '../sqlite/catalog-store.ts';
import { MIGRATIONS, migrate } from './migrate.ts';

it('takes an older schema forward and keeps its rows', async () => {
  await using store = await openStore(':memory:', systemClock, 0);
  await migrate(store);
  await store.write('test', (db) => db.insertInto('counters').values({ name: 'n', value: 7 }).execute());
  await migrate(store, [
    ...MIGRATIONS,
    (db) => db.schema.alterTable('counters').addColumn('unit', 'text').execute(),
  ]);
  const rows = await store.read('test', (db) => db.selectFrom('counters').selectAll().execute());
  expect(rows).toEqual([{ name: 'n', value: 7, unit: null }]);
  await expect(migrate(store)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
});

it('leaves the old schema when a migration fails half-way', async () => {
  await using store = await openStore(':memory:', systemClock, 0);
  await migrate(store);
  const failing = [
    ...MIGRATIONS,
    async (db: Parameters<(typeof MIGRATIONS)[number]>[0]) => {
      await db.schema.dropTable('journal').execute();
      throw new Error('cut');
    },
  ];
  await expect(migrate(store, failing)).rejects.toMatchObject({ code: 'UNEXPECTED' });
  await migrate(store);
  expect(await store.read('test', (db) => db.selectFrom('journal').selectAll().execute())).toEqual([]);
});
