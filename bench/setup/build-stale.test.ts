import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isStale } from './build-stale.ts';

let folder = '';
const put = async (file: string, second: number) => {
  const at = path.join(folder, file);
  await mkdir(path.dirname(at), { recursive: true });
  await writeFile(at, '');
  await utimes(at, second, second);
};
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sendense-stale-'));
  await put('package.json', 1);
  await put('src/index.ts', 1);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a package that was never built is stale', () => expect(isStale({ folder })).toBe(true));

test('one that is built is not, until a source changes; a test of its own is none', async () => {
  await put('dist/index.js', 2);
  await put('src/index.test.ts', 3);
  expect(isStale({ folder })).toBe(false);
  await put('src/deep/file.ts', 3);
  expect(isStale({ folder })).toBe(true);
});
