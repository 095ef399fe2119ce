import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Repository } from '@sendense/core';
import { createEngine } from '@sendense/engine';
import { createLocalRepository } from '@sendense/repository-local';
import { createMemoryJournal } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Guest } from './guest.ts';
import { VcenterBench } from './vcenter-bench.ts';

const MIB = 2 ** 20;

describeWithPeers(['test-vcenter'], 'backups of a running machine of a vCenter', () => {
  let bench: VcenterBench;
  let folder: string;
  let repository: Repository;
  beforeAll(async () => {
    bench = await VcenterBench.start();
    folder = await mkdtemp(join(tmpdir(), 'sendense-vmware-'));
    repository = await createLocalRepository({ path: join(folder, 'chain') });
  });
  afterAll(async () => {
    await repository[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
    await bench[Symbol.asyncDispose]();
  });

  /** The disks of a point, read back. */
  async function restored(point: Parameters<Repository['open']>[0]): Promise<Buffer[]> {
    await using opened = await repository.open(point);
    const disks: Buffer[] = [];
    for (const { reader, sizeBytes } of opened.disks) {
      const content = Buffer.alloc(sizeBytes);
      for (let at = 0; at < sizeBytes; at += MIB) await reader.read(at, content.subarray(at, at + MIB));
      disks.push(content);
    }
    return disks;
  }

  it('are a full and three increments whose points are each the disks of their instant', async () => {
    const guest = await Guest.boot(bench, [6 * MIB, 2 * MIB + 1536]);
    await guest.write(0, 0, 3 * MIB);
    await guest.write(1, 100_000, 300_000);
    await using source = bench.source();
    const engine = createEngine({ journal: createMemoryJournal() });
    const frozen: Buffer[][] = [];
    const read: number[] = [];
    const points: Parameters<Repository['open']>[0][] = [];
    // the guest writes on as soon as its disks are frozen
    const hooks = {
      postFreeze: async () => {
        frozen.push(guest.now());
        await guest.write(0, 64 * 1024 * (frozen.length * 5), 65_536);
      },
    };
    for (const kind of ['full', 'incremental', 'incremental', 'incremental']) {
      await bench.server.control('transfer-count');
      const request = { source, machine: guest.machine.ref, repository, hooks };
      const result = await engine.backup(request);
      const { bytes } = await bench.server.control<{ bytes: number }>('transfer-count');
      expect(result).toMatchObject({ kind, consistency: 'crash' });
      expect(await bench.snapshots(guest.machine)).toEqual([]);
      points.push(result.pointId);
      read.push(bytes / result.changedBytes);
      await guest.write(0, 4 * MIB + 512, 4096);
      await guest.write(1, 2 * MIB, 1536);
    }
    for (const [index, point] of points.entries()) {
      const disks = await restored(point);
      expect(disks.map((disk, number) => disk.equals(frozen[index]?.[number] ?? Buffer.alloc(0)))).toEqual([
        true,
        true,
      ]);
    }
    // a byte of each file more, which tells its size
    expect(Math.max(...read)).toBeLessThanOrEqual(1.05);
  });
});
