import { chmod, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Fence } from '@sendense/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { collect, errorOf } from '../test/outcome.ts';
import { openCatalog } from './catalog.ts';

const fence: Fence = { holder: 'test', token: 1, check: () => Promise.resolve() };
let folder = '';
let path = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-catalog-'));
  path = join(folder, 'state', 'catalog.sqlite');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('keeps its folder and files readable by the owner only', async () => {
  await using catalog = await openCatalog({ path });
  await catalog.journal.write('a', 1, 'absent', fence);
  expect((await stat(join(folder, 'state'))).mode & 0o777).toBe(0o700);
  const names = await readdir(join(folder, 'state'));
  expect(names).toContain('catalog.sqlite-wal');
  for (const name of names) expect((await stat(join(folder, 'state', name))).mode & 0o777).toBe(0o600);
});

it('takes wider rights away from a file that is there already', async () => {
  await (await openCatalog({ path }))[Symbol.asyncDispose]();
  await chmod(path, 0o644);
  await (await openCatalog({ path }))[Symbol.asyncDispose]();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it('gives a second opening what the first wrote', async () => {
  await using first = await openCatalog({ path });
  await using second = await openCatalog({ path });
  const revision = await first.journal.write('a', { n: 1 }, 'absent', fence);
  expect(await second.journal.read('a')).toEqual({ value: { n: 1 }, revision });
  expect((await errorOf(second.journal.write('a', 2, 'absent', fence))).code).toBe('CONFLICT');
});

it('waits for another writer, and says LOCKED when that one does not end', async () => {
  await using catalog = await openCatalog({ path, busyTimeoutMs: 60 });
  using other = new DatabaseSync(path);
  other.exec('begin immediate');
  const error = await errorOf(catalog.journal.write('a', 1, 'absent', fence));
  expect([error.code, error.retry]).toEqual(['LOCKED', 'later']);
  const waiting = catalog.journal.write('a', 1, 'absent', fence);
  other.exec('commit');
  await waiting;
});

it('refuses a file of a newer schema and leaves it alone', async () => {
  await (await openCatalog({ path }))[Symbol.asyncDispose]();
  using file = new DatabaseSync(path);
  file.exec('update sendense_schema set version = 99');
  const error = await errorOf(openCatalog({ path, onCorrupt: 'set-aside' }));
  expect(error.code).toBe('FORMAT_UNSUPPORTED');
  expect(file.prepare('select version from sendense_schema').get()).toEqual({ version: 99 });
});

it('says CORRUPT with the remedy for a file that is no catalog', async () => {
  await (await openCatalog({ path }))[Symbol.asyncDispose]();
  await writeFile(path, Buffer.alloc(8192, 'x'));
  const error = await errorOf(openCatalog({ path }));
  expect(error.code).toBe('CORRUPT');
  expect(error.remedy).toContain('rebuild-catalog');
});

it('says CORRUPT when a page of the schema is overwritten', async () => {
  await (await openCatalog({ path }))[Symbol.asyncDispose]();
  await using file = await open(path, 'r+');
  await file.write(Buffer.alloc(900, 0xff), 0, 900, 100);
  expect((await errorOf(openCatalog({ path }))).code).toBe('CORRUPT');
});

it('finds damage in the middle of the file when it is read, and replaces such a file when told to', async () => {
  const large = await openCatalog({ path });
  for (let index = 0; index < 100; index++) {
    await large.journal.write(`key ${index}`, 'x'.repeat(4000), 'absent', fence);
  }
  await large.check();
  await large[Symbol.asyncDispose]();
  await using file = await open(path, 'r+');
  await file.write(Buffer.alloc(200_000, 0xff), 0, 200_000, 120_000);
  const damaged = await openCatalog({ path });
  expect((await errorOf(damaged.check())).code).toBe('CORRUPT');
  const readAll = async () => {
    for (let index = 0; index < 100; index++) await damaged.journal.read(`key ${index}`);
  };
  expect((await errorOf(readAll())).code).toBe('CORRUPT');
  await damaged[Symbol.asyncDispose]();
  await using anew = await openCatalog({ path, onCorrupt: 'set-aside' });
  expect(anew.setAside).toBeDefined();
  expect(await collect(anew.journal.list(''))).toEqual([]);
});

it('starts anew beside a damaged file when told to, and keeps the damaged one', async () => {
  await (await openCatalog({ path }))[Symbol.asyncDispose]();
  const damaged = Buffer.alloc(8192, 'x');
  await writeFile(path, damaged);
  await using catalog = await openCatalog({ path, onCorrupt: 'set-aside' });
  await catalog.journal.write('a', 1, 'absent', fence);
  expect(await readFile(catalog.setAside ?? '')).toEqual(damaged);
});

it('names what is wrong with a path or an option', async () => {
  await writeFile(join(folder, 'file'), '');
  const behindFile = await errorOf(openCatalog({ path: join(folder, 'file', 'catalog') }));
  expect([behindFile.code, behindFile.message]).toEqual([
    'CONFIG_INVALID',
    expect.stringContaining(join(folder, 'file')),
  ]);
  expect((await errorOf(openCatalog({ path: folder }))).code).toBe('CONFIG_INVALID');
  expect((await errorOf(openCatalog({ path: '' }))).message).toContain('path');
  expect((await errorOf(openCatalog({ path: ':memory:', busyTimeoutMs: -1 }))).message).toContain(
    'busyTimeoutMs',
  );
});
