import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { openCatalog } from '../catalog.ts';

it('opens a catalog that another connection is making at the same time', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-catalog-'));
  const path = join(folder, 'catalog.sqlite');
  const other = new DatabaseSync(path);
  other.exec('begin exclusive');
  const opening = openCatalog({ path });
  await new Promise((resolve) => setImmediate(resolve));
  other.exec('commit');
  other.close();
  const catalog = await opening;
  expect(await catalog.jobs.list()).toEqual([]);
  await catalog[Symbol.asyncDispose]();
  const many = await Promise.all(Array.from({ length: 6 }, () => openCatalog({ path })));
  for (const opened of many) await opened[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

it('says LOCKED when the other connection does not end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-catalog-'));
  const path = join(folder, 'catalog.sqlite');
  const other = new DatabaseSync(path);
  other.exec('begin exclusive');
  await expect(openCatalog({ path, busyTimeoutMs: 50 })).rejects.toMatchObject({ code: 'LOCKED' });
  other.close();
  await rm(folder, { recursive: true });
});
