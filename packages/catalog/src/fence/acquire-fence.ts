import { SendenseError } from '@sendense/core';
import type { Transaction } from 'kysely';
import type { Tables } from '../schema/tables.ts';
import type { CatalogStore } from '../sqlite/catalog-store.ts';
import { CatalogLease } from './catalog-lease.ts';
import type { Lease, LeaseRequest } from './lease.ts';

function held(name: string, holder: string, expiresAtMs: number): SendenseError {
  return new SendenseError('LOCKED', `${name} is in use by ${holder}`, {
    operation: 'acquire-fence',
    remedy: 'wait until it ends, or cancel it, then repeat',
    context: { name, holder, expiresAt: new Date(expiresAtMs).toISOString() },
  });
}

/** Takes the lease in the table; gives its token, one more than any holder had before. */
async function take(
  db: Transaction<Tables>,
  name: string,
  request: LeaseRequest,
  nowMs: number,
): Promise<number> {
  const row = await db.selectFrom('leases').selectAll().where('name', '=', name).executeTakeFirst();
  if (row !== undefined && row.holder !== null && row.expires_at_ms > nowMs) {
    if (request.mayTakeFrom?.(row.holder) !== true) throw held(name, row.holder, row.expires_at_ms);
  }
  const token = (row?.token ?? 0) + 1;
  const lease = { holder: request.holder, token, expires_at_ms: nowMs + request.ttlMs };
  await db
    .insertInto('leases')
    .values({ name, ...lease })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(lease))
    .execute();
  return token;
}

/**
 * Takes the lease `name`. Throws `LOCKED` while another holder has it. The clock decides expiry; a clock that jumps
 * cannot let two holders write, because the older token no longer passes `check` and the journal.
 */
export async function acquireFence(store: CatalogStore, name: string, request: LeaseRequest): Promise<Lease> {
  const token = await store.write('acquire-fence', (db) =>
    take(db, name, request, store.clock.now().getTime()),
  );
  return new CatalogLease(store, { name, holder: request.holder, token, ttlMs: request.ttlMs });
}
