import { SendenseError } from '@sendense/core';
import { sql } from 'kysely';
import type { CatalogStore } from './catalog-store.ts';

/** Reads the whole file. Rejects with `CORRUPT` when any page or row is damaged. */
export async function checkIntegrity(store: CatalogStore): Promise<void> {
  const { rows } = await store.read('check-catalog', (db) =>
    sql<{ quick_check: string }>`pragma quick_check(1)`.execute(db),
  );
  const found = rows[0]?.quick_check ?? 'no answer';
  if (found === 'ok') return;
  throw new SendenseError('CORRUPT', `the catalog ${store.path} is damaged: ${found}`, {
    operation: 'check-catalog',
    remedy: 'run "sendense-ctl repository rebuild-catalog"; it reads everything back from the repositories',
    context: { path: store.path },
  });
}
