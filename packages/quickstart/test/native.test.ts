import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNativeDriver, findNativeDriver } from '@sendense/blockio-native';
import { readNativeMode } from '@sendense/plugin-kit';
import { createBlockDrivers, openSendense } from '@sendense/quickstart';
import { describeUnless } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';

const MIB = 1024 * 1024;
const SIZE = 24 * MIB;
const PARTS = [3, 17];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-native-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A raw disk that takes the room of its parts only: a mebibyte each. */
async function sparseDisk(sizeBytes: number, name = 'disk.raw'): Promise<string> {
  const path = join(folder, name);
  await using handle = await open(path, 'wx');
  await handle.truncate(sizeBytes);
  for (const part of PARTS) await handle.write(Buffer.alloc(MIB, part), 0, MIB, part * MIB);
  await handle.sync();
  return path;
}

async function backupAndRestore(native: 'require' | 'off', disk: string) {
  await using sendense = await openSendense({ stateDirectory: join(folder, `state-${native}`), native });
  const repository = join(folder, `repository-${native}`);
  const full = await sendense.backup({ source: `image:${disk}`, repository });
  const target = join(folder, `restored-${native}.raw`);
  const { verified } = await sendense.restore({
    repository,
    point: full.pointId,
    target: `image:${target}`,
    format: 'raw',
  });
  return { full, verified, target };
}

it('without native code a sparse raw disk is read as a whole, and the log tells why', async () => {
  const disk = await sparseDisk(SIZE);
  const { full, verified, target } = await backupAndRestore('off', disk);
  expect({ bytesRead: full.bytesRead, verified }).toEqual({ bytesRead: SIZE, verified: true });
  expect(Buffer.compare(await readFile(target), await readFile(disk))).toBe(0);
  const log: unknown[] = [];
  expect(createBlockDrivers('off', (line) => log.push(line)).map(({ name }) => name)).toEqual([
    'file',
    'nbd',
  ]);
  expect(log).toEqual([
    expect.objectContaining({ fields: { reason: expect.stringContaining('switched off') } }),
  ]);
});

const { reason } = findNativeDriver(readNativeMode() === 'require' ? 'require' : 'auto');

it('bytes go the way that SENDENSE_NATIVE asks for, where nobody asks for another', async () => {
  const isNative = readNativeMode() === 'off' ? false : reason === null;
  const names = createBlockDrivers(readNativeMode()).map(({ name }) => name);
  expect(names).toEqual([...(isNative ? ['native'] : []), 'file', 'nbd']);
  const disk = await sparseDisk(SIZE);
  await using sendense = await openSendense({ stateDirectory: join(folder, 'state') });
  const { bytesRead } = await sendense.backup({
    source: `image:${disk}`,
    repository: join(folder, 'repository'),
  });
  // only native code knows the holes
  expect(bytesRead).toBe(isNative ? PARTS.length * MIB : SIZE);
});

describeUnless(reason, 'with native code', () => {
  it('only what a sparse raw disk holds is read and counted', async () => {
    const disk = await sparseDisk(SIZE);
    const { full, verified, target } = await backupAndRestore('require', disk);
    expect({ bytesRead: full.bytesRead, changedBytes: full.changedBytes, verified }).toEqual({
      bytesRead: PARTS.length * MIB,
      changedBytes: PARTS.length * MIB,
      verified: true,
    });
    expect(Buffer.compare(await readFile(target), await readFile(disk))).toBe(0);
  });

  it('a sparse raw disk of 8 TiB is backed up, again without a change, and both cost what it holds', async () => {
    const disk = await sparseDisk(2 ** 43);
    await using sendense = await openSendense({ stateDirectory: join(folder, 'state'), native: 'require' });
    const request = { source: `image:${disk}`, repository: join(folder, 'repository') };
    const full = await sendense.backup(request);
    const again = await sendense.backup(request);
    expect([full.kind, again.kind]).toEqual(['full', 'incremental']);
    expect([full.bytesRead, again.bytesRead]).toEqual([2 * MIB, 2 * MIB]);
    expect(again.changedBytes).toBe(0);
  });

  it('a point is restored to a raw file by transfers, and proven', async () => {
    const disk = await sparseDisk(SIZE);
    const driver = createNativeDriver();
    let moves = 0;
    const transfer: typeof driver.transfer = async (request, call) => {
      moves += request.moves.length / 4;
      return (await driver.transfer?.(request, call)) ?? { zeros: new Float64Array() };
    };
    const services = { drivers: [{ ...driver, transfer }] };
    await using sendense = await openSendense({ stateDirectory: join(folder, 'state'), services });
    const repository = join(folder, 'repository');
    const { pointId: point } = await sendense.backup({ source: `image:${disk}`, repository });
    const target = join(folder, 'restored.raw');
    const { verified } = await sendense.restore({
      repository,
      point,
      target: `image:${target}`,
      format: 'raw',
    });
    expect({ verified, isMoved: moves > 0 }).toEqual({ verified: true, isMoved: true });
    expect(Buffer.compare(await readFile(target), await readFile(disk))).toBe(0);
    expect((await stat(target)).blocks * 512).toBeLessThan(4 * MIB);
  });
});
