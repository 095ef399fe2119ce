import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { createFileDriver } from '@sendense/blockio-file';
import { createNativeDriver, findNativeDriver } from '@sendense/blockio-native';
import type { BlockIoDriver, Random } from '@sendense/core';
import { readNativeMode } from '@sendense/plugin-kit';
import { openSendense } from '@sendense/quickstart';
import { seededBytes } from '@sendense/testkit';
import { describeUnless } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';

const CLUSTER = 64 * 1024;
const CLUSTERS = 160;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-same-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Random numbers that are the same in every run. */
function sameRandom(): Random {
  let drawn = 0;
  const bytes = (length: number) => {
    drawn += 1;
    return seededBytes(drawn, length);
  };
  const hex = (length: number) => Buffer.from(bytes(length)).toString('hex');
  return { bytes, uuid: () => `${hex(4)}-${hex(2)}-4${hex(2).slice(1)}-8${hex(2).slice(1)}-${hex(6)}` };
}

/** A sparse disk with data, written zeros, holes off the grid of clusters, and an end that is no whole cluster. */
async function writeDisk(path: string): Promise<Buffer> {
  await using handle = await open(path, 'wx+');
  await handle.truncate(CLUSTERS * CLUSTER + 1536);
  const write = (bytes: Uint8Array, at: number) => handle.write(bytes, 0, bytes.byteLength, at);
  await write(seededBytes(1, 30 * CLUSTER), 0);
  await write(Buffer.alloc(20 * CLUSTER), 40 * CLUSTER);
  await write(seededBytes(2, 3 * CLUSTER), 45 * CLUSTER);
  for (let at = 70; at < 90; at += 1) await write(seededBytes(at, 4096), at * CLUSTER + 8192);
  await write(seededBytes(3, 50 * CLUSTER), 100 * CLUSTER + 4096);
  await write(seededBytes(4, 1000), CLUSTERS * CLUSTER);
  await handle.sync();
  return await readFile(path);
}

/** The driver, and how much of the work it was asked to do. */
function watched(driver: BlockIoDriver) {
  const bytes = { moved: 0 };
  const transfer: BlockIoDriver['transfer'] = async (request, call) => {
    for (let at = 3; at < request.moves.length; at += 4) bytes.moved += request.moves[at] ?? 0;
    return (await driver.transfer?.(request, call)) ?? { zeros: new Float64Array() };
  };
  return { driver: { ...driver, transfer }, bytes };
}

function kindOf(path: string): string {
  return path.startsWith('repository') ? `stored ${extname(path)}` : path;
}

/** Backs `disk` up, restores it to a QCOW2 file, and gives the bytes of every image and digest file that this made. */
async function filesOf(name: string, disk: string, drivers: readonly BlockIoDriver[]) {
  const services = { drivers, random: sameRandom() };
  const own = join(folder, name);
  await using sendense = await openSendense({ stateDirectory: join(own, 'state'), services });
  const repository = join(own, 'repository');
  const { pointId: point } = await sendense.backup({ source: `image:${disk}`, repository });
  const target = `image:${join(own, 'restored.qcow2')}`;
  const { verified } = await sendense.restore({ repository, point, target, format: 'qcow2' });
  const names = (await readdir(own, { recursive: true })).filter((path) => /\.(qcow2|digests)$/.test(path));
  // The names in the repository tell the time; there is one file of each kind.
  const files = names.sort().map(async (path) => [kindOf(path), await readFile(join(own, path))] as const);
  return { verified, files: new Map(await Promise.all(files)) };
}

/** Fails unless a driver leaves the very files that are left without any, having moved nearly all data itself. */
async function expectSameFiles(driver: BlockIoDriver): Promise<void> {
  const disk = join(folder, 'disk.raw');
  const content = await writeDisk(disk);
  const plain = await filesOf('plain', disk, []);
  const { driver: used, bytes } = watched(driver);
  const moved = await filesOf('moved', disk, [used]);
  expect([plain.verified, moved.verified]).toEqual([true, true]);
  expect([...moved.files.keys()]).toEqual([...plain.files.keys()]);
  expect(plain.files.size).toBe(3);
  for (const [path, file] of plain.files) {
    const same = Buffer.compare(moved.files.get(path) ?? Buffer.alloc(0), file) === 0;
    expect({ path, same }).toEqual({ path, same: true });
  }
  expect(content.byteLength).toBeGreaterThan(0);
  // The backup and the restore each hold about 100 clusters of data.
  expect(bytes.moved).toBeGreaterThan(150 * CLUSTER);
}

it('a backup and its restore by the TypeScript driver leave the same files as reads and writes', async () => {
  await expectSameFiles(createFileDriver());
});

const { reason } = findNativeDriver(readNativeMode() === 'require' ? 'require' : 'auto');

describeUnless(reason, 'with native code', () => {
  it.each([true, false])(
    'a backup and its restore leave the same files (past the page cache: %s)',
    async (pastCache) => {
      await expectSameFiles(createNativeDriver({ pastCache }));
    },
  );
});
