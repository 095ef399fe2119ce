import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileDriver } from '@sendense/blockio-file';
import { createNativeDriver, findNativeDriver } from '@sendense/blockio-native';
import { type BlockIoDriver, copyBlocks, pointId, type Random } from '@sendense/core';
import { openRaw } from '@sendense/formats/raw';
import { readNativeMode } from '@sendense/plugin-kit';
import { seededBytes } from '@sendense/testkit';
import { describeUnless } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLocalRepository } from '../src/repository-local.ts';
import { backUp, CLUSTER, type CopyDisk, changed, DISKS, differences } from './model-machine.ts';

const CLUSTERS = 40;
const p1 = changed(
  new Uint8Array(CLUSTERS * CLUSTER + 1536),
  [0, 1, 2, 3, 7, 8, 20, 21, 22, 39, 40].map((at) => ({ at, seed: at + 1 })),
);
const p2 = changed(p1, [
  { at: 2, seed: 0 },
  { at: 8, seed: 0 },
  ...[3, 4, 5, 6, 21, 40].map((at) => ({ at, seed: at + 100 })),
]);
const p3 = changed(p2, [{ at: 5, seed: 0 }, ...[2, 6, 7, 30, 31].map((at) => ({ at, seed: at + 200 }))]);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Random numbers that are the same in every run. */
function sameRandom(): Random {
  let drawn = 0;
  const bytes = (length: number) => {
    drawn += 1;
    return seededBytes(drawn, length);
  };
  return { bytes, uuid: () => `00000000-0000-4000-8000-${Buffer.from(bytes(6)).toString('hex')}` };
}

/** Copies what differs from the base, out of a raw file. */
function copyChanges(base: Uint8Array | undefined, content: Uint8Array, driver?: BlockIoDriver): CopyDisk {
  return async (id, to) => {
    const { of } = DISKS.find((disk) => disk.id === id) ?? assert.fail('no such disk');
    const path = join(folder, `${id}.raw`);
    await writeFile(path, of(content));
    await using from = await openRaw(path, driver === undefined ? {} : { drivers: [driver] });
    const extents = differences(base && of(base), of(content));
    async function* listed() {
      yield* extents;
    }
    await copyBlocks({ from, to, extents: listed(), ...(driver && { driver }) });
  };
}

/** Images and digests below a folder, by their names. */
async function filesOf(place: string): Promise<Map<string, Buffer>> {
  const names = (await readdir(place, { recursive: true })).filter((path) => /\.(qcow2|digests)$/.test(path));
  const files = names.sort().map(async (path) => [path, await readFile(join(place, path))] as const);
  return new Map(await Promise.all(files));
}

/** A full, two increments, all of them as one, and that one alone: the files of each step. */
async function historyOf(
  name: string,
  driver?: BlockIoDriver,
  done = (): unknown => undefined,
): Promise<Map<string, Buffer>[]> {
  const path = join(folder, name);
  await using repository = await createLocalRepository(
    { path },
    { random: sameRandom(), drivers: driver === undefined ? [] : [driver] },
  );
  const steps: Map<string, Buffer>[] = [];
  const step = async (work: Promise<unknown>) => {
    await work;
    steps.push(await filesOf(path));
    done();
  };
  const [one, two] = [pointId('p1'), pointId('p2')];
  const backup = (sequence: number, content: Uint8Array, base?: { id: typeof one; content: Uint8Array }) =>
    backUp(repository, {
      sequence,
      content,
      ...(base && { base }),
      copy: copyChanges(base?.content, content, driver),
    });
  await step(backup(1, p1));
  await step(backup(2, p2, { id: one, content: p1 }));
  await step(backup(3, p3, { id: two, content: p2 }));
  const { maintenance } = repository;
  await step(maintenance.consolidate({ kind: 'merge', point: pointId('p3'), onto: one }));
  await step(maintenance.consolidate({ kind: 'synthetic-full', point: pointId('p3') }));
  return steps;
}

/** The driver, and how much of the work it was asked to do. */
function watched(driver: BlockIoDriver) {
  const bytes = { moved: 0 };
  const transfer: NonNullable<BlockIoDriver['transfer']> = async (request, call) => {
    for (let at = 3; at < request.moves.length; at += 4) bytes.moved += request.moves[at] ?? 0;
    return (await driver.transfer?.(request, call)) ?? { zeros: new Float64Array() };
  };
  return { driver: { ...driver, transfer }, bytes };
}

/** Fails unless a driver leaves the very files that are left by reads and writes, after each step. */
async function expectSameFiles(driver: BlockIoDriver): Promise<void> {
  const plain = await historyOf('plain');
  const { driver: used, bytes } = watched(driver);
  const movedBy: number[] = [];
  const moved = await historyOf('moved', used, () => movedBy.push(bytes.moved));
  expect(plain.map(({ size }) => size)).toEqual([4, 8, 12, 8, 8]);
  for (const [step, files] of plain.entries()) {
    const others = moved[step] ?? new Map<string, Buffer>();
    expect([...others.keys()]).toEqual([...files.keys()]);
    for (const [path, file] of files) {
      const same = Buffer.compare(others.get(path) ?? Buffer.alloc(0), file) === 0;
      expect({ step, path, same }).toEqual({ step, path, same: true });
    }
  }
  // by the driver: the full, two increments, what they hold together, and all of it
  const clusters = movedBy.map((sum, step) => (sum - (movedBy[step - 1] ?? 0)) / CLUSTER);
  expect(clusters).toEqual([11, 5, 5, 8, 14]);
}

it('increments, and what consolidating makes of them, are the same files by the TypeScript driver', async () => {
  await expectSameFiles(createFileDriver());
});

const { reason } = findNativeDriver(readNativeMode() === 'require' ? 'require' : 'auto');

describeUnless(reason, 'with native code', () => {
  it('increments, and what consolidating makes of them, are the same files', async () => {
    await expectSameFiles(createNativeDriver());
  });
});
