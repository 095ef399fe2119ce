import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dataBytes, dataSet } from './data-set.ts';

const MIB = 2 ** 20;
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sendense-data-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('rnd does not compress and is the same each time', async () => {
  const bytes = await readFile(await dataSet(folder, 'rnd', 4 * MIB));
  expect(gzipSync(bytes).length).toBeGreaterThan(bytes.length);
  const again = await readFile(await dataSet(path.join(folder, 'again'), 'rnd', 4 * MIB));
  expect(again.equals(bytes)).toBe(true);
});

test('another seed gives other bytes', async () => {
  const one = await readFile(await dataSet(folder, 'rnd', 4 * MIB, 1));
  const two = await readFile(await dataSet(folder, 'rnd', 4 * MIB, 2));
  expect(one.subarray(0, 64).equals(two.subarray(0, 64))).toBe(false);
});

test('mix is half random, a quarter text, a quarter holes that take no space', async () => {
  const file = await dataSet(folder, 'mix', 8 * MIB);
  const { blocks, size } = await stat(file);
  expect(size).toBe(8 * MIB);
  expect(blocks * 512).toBeLessThanOrEqual(dataBytes('mix', 8 * MIB) + 65_536);
  const bytes = await readFile(file);
  const packed = (index: number) => gzipSync(bytes.subarray(index * MIB, (index + 1) * MIB)).length / MIB;
  expect([0, 2, 4, 6].every((index) => packed(index) > 0.99)).toBe(true);
  expect([1, 5].every((index) => packed(index) > 0.02 && packed(index) < 0.5)).toBe(true);
  expect([3, 7].every((index) => packed(index) < 0.01)).toBe(true);
});
