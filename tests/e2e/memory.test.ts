import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createQcow2, openQcow2 } from '@sendense/formats/qcow2';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { testSeed } from '@sendense/tests/scale';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ctlJson } from '../../packages/cli/test/run-ctl.ts';
import { measureCtl } from './peak-memory.ts';
import { CLUSTER_BYTES, compareImages, type GuestWrite, guestWrites } from './qemu.ts';

const MIB = 2 ** 20;
const DISK_BYTES = 8 * 2 ** 40;
const WRITTEN_CLUSTERS = 20_000;
const CHANGED_CLUSTERS = 1000;
const MOST_MEMORY_BYTES = 256 * MIB;
/** The written clusters lie one in each of these, at a random place. */
const STRETCH = Math.floor(DISK_BYTES / CLUSTER_BYTES / WRITTEN_CLUSTERS);

const random = seededRandom(testSeed());
/** Where the clusters lie, ascending, in clusters. */
const written = Array.from(
  { length: WRITTEN_CLUSTERS },
  (_, index) => index * STRETCH + seededInteger(random, STRETCH),
);

async function makeHugeDisk(file: string): Promise<void> {
  await using image = await createQcow2(file, { sizeBytes: DISK_BYTES });
  for (const [index, cluster] of written.entries()) {
    await image.write(cluster * CLUSTER_BYTES, new Uint8Array(CLUSTER_BYTES).fill(1 + (index % 255)));
  }
  await image.flush();
}

/** Half of them on clusters that are written already, half beside those. */
const changes: readonly GuestWrite[] = Array.from({ length: CHANGED_CLUSTERS }, (_, index) => {
  const cluster = (written[index * (WRITTEN_CLUSTERS / CHANGED_CLUSTERS)] ?? 0) + (index % 2);
  return { offset: cluster * CLUSTER_BYTES, length: CLUSTER_BYTES, value: 200 };
});

/** What the newest bitmap of the image calls dirty. */
async function dirtyBytes(file: string): Promise<number> {
  await using image = await openQcow2(file);
  let bytes = 0;
  for await (const { length } of image.dirtyExtents(image.bitmaps.at(-1)?.name ?? '')) bytes += length;
  return bytes;
}

/** Runs a verb in bounded memory and gives what it printed. */
async function withinMemory(what: string, home: string, args: readonly string[]) {
  const { json, peakBytes } = await measureCtl(home, args);
  process.stderr.write(`peak memory of ${what}, an 8 TiB disk: ${(peakBytes / MIB).toFixed(0)} MiB\n`);
  expect(peakBytes, what).toBeLessThan(MOST_MEMORY_BYTES);
  return json;
}

describeWithPeers(['qemu-img', 'qemu-io'], 'an 8 TiB disk with 20,000 written clusters', () => {
  let home = '';
  let disk = '';
  const backup = ['backup', 'start', '--source', 'image:disk.qcow2', '--repository', 'backups'];

  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'sendense-memory-'));
    disk = path.join(home, 'disk.qcow2');
    await makeHugeDisk(disk);
    await ctlJson(home, ['repository', 'init', '--repository', 'backups']);
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  it('is backed up, verified and consolidated in less than 256 MiB of memory', async () => {
    const full = await withinMemory('a full backup', home, backup);
    expect(full).toMatchObject({ kind: 'full', bytesRead: WRITTEN_CLUSTERS * CLUSTER_BYTES });

    await guestWrites(disk, changes);
    const dirty = await dirtyBytes(disk);
    expect(dirty).toBe(CHANGED_CLUSTERS * CLUSTER_BYTES);
    const next = await withinMemory('an incremental backup', home, [...backup, '--type', 'incremental']);
    expect(next).toMatchObject({ kind: 'incremental', reason: null, changedBytes: dirty });
    expect(next.bytesRead).toBeGreaterThanOrEqual(dirty);
    expect(next.bytesRead).toBeLessThanOrEqual(1.05 * dirty);

    const [stored] = next.disks as { path: string }[];
    const point = { path: stored?.path ?? '', format: 'qcow2' } as const;
    expect(await compareImages(point, { path: disk, format: 'qcow2' })).toBe('Images are identical.');

    const newest = ['--repository', 'backups', '--backup-id', String(next.pointId)];
    const verified = await withinMemory('verify', home, ['verify', ...newest]);
    expect(verified).toMatchObject({ findings: [] });
    await withinMemory('consolidate', home, ['backup', 'consolidate', ...newest]);
  }, 600_000);
});
