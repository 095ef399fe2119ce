import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';
import { shellWords } from './measure/run-shell.ts';
import { Workbench } from './workbench.ts';

let base = '';
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'sendense-workbench-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

const open = () => Workbench.open(parseArguments(['--size', '4M', '--folder', base]), () => undefined);

test('a command is shown without the folders of the run, so that it can be repeated', async () => {
  await using bench = await open();
  await using folder = await bench.folder('disk');
  await using memory = await bench.folder('memory');
  const source = await bench.dataSet('rnd');
  const copy = shellWords(['cp', source, path.join(memory.path, 'out.raw')]);
  const shown = bench.readable(`${bench.ctl(folder.path, 'verify')} && ${copy}`);
  expect(shown).toBe(
    'sendense-ctl verify --state-dir $DISK/state --json && cp $DATA/rnd-4194304-1.raw /dev/shm/out.raw',
  );
});

test('what a run made is removed, the data sets are kept for the next', async () => {
  let source = '';
  let folders: string[] = [];
  {
    await using bench = await open();
    folders = [(await bench.folder('disk')).path, (await bench.folder('memory')).path];
    source = await bench.dataSet('rnd');
    expect(folders.every((folder) => existsSync(folder))).toBe(true);
  }
  expect(folders.some((folder) => existsSync(folder))).toBe(false);
  expect(existsSync(source)).toBe(true);
});

test('the physical limit is the time of a read and a write, measured once for the same bytes', async () => {
  await using bench = await open();
  const source = await bench.dataSet('rnd');
  const first = await bench.limit(source, 4 * 2 ** 20, 'memory');
  expect(first).toBeGreaterThan(0);
  expect(await bench.limit(source, 4 * 2 ** 20, 'memory')).toBe(first);
});
