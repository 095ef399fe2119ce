import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { nodeFileSystem } from '@sendense/plugin-kit';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readEntries } from './read-entries.ts';
import { addEntry, removeEntry } from './write-entry.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-conf-'));
});
afterEach(() => rm(folder, { recursive: true }));

const point = { repository: '/backups', id: 'p1', disk: 0 };

it('reads what was added, once, and no more after it was removed', async () => {
  expect(await addEntry(folder, 'web', { point, writable: true })).toBe('web.json');
  await expect(addEntry(folder, 'web', { point })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  await expect(addEntry(folder, 'none', {})).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(addEntry(folder, 'relative', { image: { path: 'disk.raw' } })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  const { entries, failures } = await readEntries(folder, nodeFileSystem);
  expect(entries).toEqual([{ file: 'web.json', entry: { point, writable: true } }]);
  expect(failures).toEqual([]);
  expect(await nodeFileSystem.list(folder)).toEqual(['web.json']);
  await removeEntry(folder, 'web.json');
  await expect(removeEntry(folder, 'web.json')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('tells each damaged file by its name, and reads the good one beside it', async () => {
  const random = seededRandom(20261122);
  const good = JSON.stringify({ name: 'good', point, writable: false });
  await writeFile(join(folder, 'good.json'), good, { mode: 0o600 });
  for (let round = 0; round < 300; round += 1) {
    const bytes = Buffer.from(good);
    for (let hits = 1 + seededInteger(random, 4); hits > 0; hits -= 1)
      bytes[seededInteger(random, bytes.length)] = seededInteger(random, 256);
    const cut = bytes.subarray(
      0,
      seededInteger(random, 3) === 0 ? seededInteger(random, bytes.length) : undefined,
    );
    await writeFile(join(folder, 'bad.json'), cut, { mode: 0o600 });
    const { entries, failures } = await readEntries(folder, nodeFileSystem);
    expect(entries.some(({ file }) => file === 'good.json')).toBe(true);
    for (const { file, error } of failures) {
      expect(file).toBe('bad.json');
      expect(SendenseError.is(error, 'CONFIG_INVALID')).toBe(true);
      expect(error.message).toContain('bad.json');
    }
    expect(entries.length + failures.length).toBe(2);
  }
});
