import {
  type Call,
  type Fence,
  type Journal,
  type JournalEntry,
  type Json,
  SendenseError,
} from '@sendense/core';
import type { Transaction } from 'kysely';
import { CatalogLease } from '../fence/catalog-lease.ts';
import type { Tables } from '../schema/tables.ts';
import type { CatalogStore } from '../sqlite/catalog-store.ts';
import { parseJsonColumn } from '../sqlite/json-column.ts';

/** Keys that `list` reads at a time. */
const PAGE = 500;

function notAborted(call: Call | undefined, operation: string): void {
  if (call?.signal?.aborted !== true) return;
  throw new SendenseError('ABORTED', 'the call was cancelled', { operation, cause: call.signal.reason });
}

async function nextRevision(db: Transaction<Tables>): Promise<number> {
  const row = await db
    .insertInto('counters')
    .values({ name: 'journal-revision', value: 1 })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((update) => ({ value: update('counters.value', '+', 1) })),
    )
    .returning('value')
    .executeTakeFirstOrThrow();
  return row.value;
}

/** The {@link Journal} in the table `journal`: each write is one transaction, durable when it resolves. */
export class CatalogJournal implements Journal {
  readonly #store: CatalogStore;

  constructor(store: CatalogStore) {
    this.#store = store;
  }

  read(key: string, call?: Call): Promise<JournalEntry | undefined> {
    return this.#store.read('read-journal', async (db) => {
      notAborted(call, 'read-journal');
      const row = await db
        .selectFrom('journal')
        .select(['value_json', 'revision'])
        .where('key', '=', key)
        .executeTakeFirst();
      return row && { value: parseJsonColumn(row.value_json), revision: row.revision };
    });
  }

  async write(
    key: string,
    value: Json | undefined,
    expected: number | 'absent',
    fence: Fence,
    call?: Call,
  ): Promise<number> {
    const lease = fence instanceof CatalogLease && fence.isOf(this.#store) ? fence : undefined;
    if (lease === undefined) await fence.check();
    return this.#store.write('write-journal', async (db) => {
      notAborted(call, 'write-journal');
      await lease?.checkIn(db);
      await this.#expect(db, key, expected);
      const revision = await nextRevision(db);
      await this.#put(db, key, value, revision, fence.token);
      return revision;
    });
  }

  async *list(prefix: string, call?: Call): AsyncIterable<string> {
    let after: string | undefined;
    for (;;) {
      const keys = await this.#page(prefix, after, call);
      yield* keys;
      if (keys.length < PAGE) return;
      after = keys.at(-1);
    }
  }

  #page(prefix: string, after: string | undefined, call: Call | undefined): Promise<string[]> {
    return this.#store.read('list-journal', async (db) => {
      notAborted(call, 'list-journal');
      // by range and substr, not by LIKE: a prefix may hold % and _, and SQLite counts code points
      const rows = await db
        .selectFrom('journal')
        .select('key')
        .where('key', after === undefined ? '>=' : '>', after ?? prefix)
        .where((where) =>
          where(
            where.fn<string>('substr', ['key', where.lit(1), where.val(Array.from(prefix).length)]),
            '=',
            prefix,
          ),
        )
        .orderBy('key')
        .limit(PAGE)
        .execute();
      return rows.map((row) => row.key);
    });
  }

  async #expect(db: Transaction<Tables>, key: string, expected: number | 'absent'): Promise<void> {
    const row = await db.selectFrom('journal').select('revision').where('key', '=', key).executeTakeFirst();
    const found = row?.revision ?? 'absent';
    if (found === expected) return;
    throw new SendenseError('CONFLICT', `the journal entry ${key} was changed by somebody else`, {
      operation: 'write-journal',
      remedy: 'repeat the command; it starts from the newer state',
      context: { key, expected, found },
    });
  }

  async #put(
    db: Transaction<Tables>,
    key: string,
    value: Json | undefined,
    revision: number,
    token: number,
  ): Promise<void> {
    if (value === undefined) {
      await db.deleteFrom('journal').where('key', '=', key).execute();
      return;
    }
    const row = {
      value_json: JSON.stringify(value),
      revision,
      fence_token: token,
      updated_at: this.#store.now(),
    };
    await db
      .insertInto('journal')
      .values({ key, ...row })
      .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
      .execute();
  }
}
