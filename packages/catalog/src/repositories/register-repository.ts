import type { Repository } from '@sendense/core';
import type { Transaction } from 'kysely';
import type { Tables } from '../schema/tables.ts';

/** Makes the row of a repository that has none, so that points can refer to it. */
export async function registerRepository(
  db: Transaction<Tables>,
  repository: Pick<Repository, 'id' | 'kind'>,
  now: string,
): Promise<void> {
  await db
    .insertInto('repositories')
    .values({
      id: repository.id,
      kind: repository.kind,
      location: '',
      config_json: '{}',
      enabled: 1,
      total_bytes: null,
      available_bytes: null,
      stored_bytes: null,
      updated_at: now,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}
