import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RecoveryPoint, Secret } from '@sendense/core';
import { seededBytes } from '@sendense/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSendense, type Sendense } from '../src/index.ts';

const MIB = 1 << 20;
let home = '';
let sendense: Sendense;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-copy-'));
  sendense = await openSendense({
    stateDirectory: join(home, 'state'),
    workingDirectory: home,
    passphrase: () => Promise.resolve(new Secret('a passphrase')),
  });
});
afterEach(async () => {
  await sendense[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

/** Writes the disk and backs it up; a raw disk is compared by digest, so that the next one is an increment. */
async function backUp(repository: string, disk: Uint8Array): Promise<string> {
  await writeFile(join(home, 'disk.raw'), disk);
  return (await sendense.backup({ source: 'image:disk.raw', repository })).pointId;
}

const shapes = (points: readonly RecoveryPoint[]) =>
  points.map(({ id, kind, parentId, sequence }) => ({ id, kind, parentId, sequence }));

it('carries chains between a local repository and folders of objects, and back, by increments', async () => {
  const truth = new Map<string, Uint8Array>();
  const disk = Buffer.from(seededBytes(1, 5 * MIB + 4096));
  for (const at of [0, 2 * MIB + 8192, 5 * MIB]) {
    disk.set(seededBytes(at + 2, 4096), at);
    truth.set(await backUp('chains', disk), Buffer.from(disk));
  }
  const originals = await sendense.points({ repository: 'chains' });
  expect(originals.map(({ kind }) => kind)).toEqual(['full', 'incremental', 'incremental']);
  const hops = [
    ['chains', 'dir:first'],
    ['dir:first', 'dir:second'],
    ['dir:second', 'again'],
  ] as const;
  for (const [from, to] of hops) {
    const result = await sendense.copy({ from, to });
    expect(result).toMatchObject({ copied: [...truth.keys()], skipped: [], failed: [], verified: true });
    // increments move their chunks, not the disk
    expect(result.bytesRead).toBeLessThan(disk.length + 2 * 2 * MIB);
    const copies = await sendense.points({ repository: to });
    expect(shapes(copies)).toEqual(shapes(originals));
    expect(await sendense.copy({ from, to })).toMatchObject({ copied: [], skipped: [...truth.keys()] });
    expect((await sendense.verify({ repository: to })).intact).toBe(true);
  }
  for (const [point, bytes] of truth) {
    const target = `image:${point}.raw`;
    await sendense.restore({ repository: 'again', point, target });
    expect(Buffer.compare(await readFile(join(home, `${point}.raw`)), bytes)).toBe(0);
  }
});

it('finds a byte that changed at the source, and tells the point', async () => {
  const disk = Buffer.from(seededBytes(5, MIB));
  const point = await backUp('chains', disk);
  const [original] = await sendense.points({ repository: 'chains' });
  const file = original?.disks[0]?.path ?? '';
  const bytes = await readFile(file);
  const at = bytes.indexOf(disk.subarray(0, 64));
  expect(at).toBeGreaterThan(0);
  const flipped = Buffer.from(bytes);
  flipped[at] = (flipped[at] ?? 0) ^ 1;
  await writeFile(file, flipped);
  const failing = sendense.copy({ from: 'chains', to: 'dir:objects' });
  await expect(failing).rejects.toMatchObject({ code: 'CORRUPT' });
  await expect(failing).rejects.toMatchObject({ message: expect.stringContaining(point) as string });
});
