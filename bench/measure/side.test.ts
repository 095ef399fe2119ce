import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runSide } from './side.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sendense-side-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a side is cleared, run, and looked at after it ended', async () => {
  const file = path.join(folder, 'order');
  let seen = '';
  await runSide({
    cwd: folder,
    before: () => writeFile(file, 'before '),
    command: 'printf run >>order',
    after: async () => {
      seen = await readFile(file, 'utf8');
    },
  });
  expect(seen).toBe('before run');
});
