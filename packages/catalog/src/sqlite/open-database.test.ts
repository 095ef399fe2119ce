import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from './open-database.ts';

it('commits durably: write-ahead log, full synchronisation, foreign keys', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-catalog-'));
  using database = await openDatabase(join(folder, 'catalog.sqlite'));
  const pragma = (name: string) => Object.values(database.prepare(`pragma ${name}`).get() ?? {})[0];
  // 2 = FULL: the log is synced before a commit returns
  expect([pragma('journal_mode'), pragma('synchronous'), pragma('foreign_keys')]).toEqual(['wal', 2, 1]);
  await rm(folder, { recursive: true });
});
