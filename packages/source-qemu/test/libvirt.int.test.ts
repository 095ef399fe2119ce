import { readdir } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { SendenseError, streamId } from '@sendense/core';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { type LibvirtDaemon, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { testSeed } from '@sendense/tests/scale';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LibvirtBench } from './libvirt-bench.ts';
import type { Received } from './live-bench.ts';

const KIB = 1024;
const THREE = ['vda', 'vdb', 'vdc'] as const;

/** Numbers below `limit`, always the same ones for a seed. */
function numbers(seed: number): (limit: number) => number {
  let state = seed >>> 0 || 1;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

describeWithPeers(['libvirt', 'qemu-system-x86_64', 'qemu-img'], 'a domain of libvirt', () => {
  let libvirt: LibvirtDaemon;

  beforeAll(async () => {
    libvirt = await startLibvirt();
  }, 120_000);

  afterAll(() => libvirt[Symbol.asyncDispose]());

  async function scratchFolders(): Promise<readonly string[]> {
    return (await readdir(libvirt.folder)).filter((name) => name.startsWith('.sendense'));
  }

  it('is in each of eleven points as it was at its instant, three disks at once, while writes go on', async () => {
    const seed = testSeed();
    console.log(`seed ${seed}`);
    const next = numbers(seed);
    await using bench = await LibvirtBench.open(libvirt, THREE);
    const source = bench.source();
    const writes = () =>
      Array.from({ length: 4 }, () => ({
        offset: next(60) * 64 * KIB + next(16) * 4 * KIB,
        length: (1 + next(32)) * 4 * KIB,
        value: next(4) * 50,
      }));
    const kinds: string[] = [];
    let last: Received | undefined;
    for (let round = 0; round <= 10; round++) {
      for (const target of THREE) await bench.write(target, ...writes());
      const instant = bench.now();
      const point: Received = await bench.round(source, last, {}, async (capture) => {
        kinds.push(...new Set(capture.disks.map(({ changes }) => changes.kind)));
        for (const target of THREE) await bench.write(target, ...writes());
      });
      // content is compared after the writes of `look`: the point must hold none of them
      expect(point.disks.map((disk, index) => disk.equals(instant[index] ?? Buffer.alloc(0)))).toEqual([
        true,
        true,
        true,
      ]);
      if (last?.state != null) await source.retire([last.state]);
      last = point;
    }
    expect(kinds).toEqual(['full', ...Array.from({ length: 10 }, () => 'incremental')]);
    expect(new Set(await bench.domain.bitmaps()).size).toBe(1);
    expect(await scratchFolders()).toEqual([]);
  }, 120_000);

  it('reads no more than what was written since, at the granularity of the bitmap', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda']);
    const source = bench.source();
    const first = await bench.round(source);
    await bench.write('vda', { offset: 100 * KIB, length: 4 * KIB, value: 9 });
    let changed = 0;
    await bench.round(source, first, {}, async ({ disks: [disk] }) => {
      if (disk?.changes.kind !== 'incremental') throw new Error('not an increment');
      for await (const { length } of disk.changes.extents()) changed += length;
    });
    expect(changed).toBe(64 * KIB);
  });

  it('whose checkpoint metadata is lost continues', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda']);
    const source = bench.source();
    const first = await bench.round(source);
    const names = await libvirt.virsh('checkpoint-list', bench.domain.name, '--name');
    await libvirt.virsh('checkpoint-delete', bench.domain.name, names.trim(), '--metadata');
    await bench.write('vda', { offset: 0, length: 64 * KIB, value: 3 });
    const second = await bench.answers(source, first);
    expect(second.kinds).toEqual(['incremental']);
    expect(second.disks).toEqual(bench.now());
  });

  it('whose stored bitmaps broke in a crash loses them with their states', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda', 'vdb']);
    const source = bench.source();
    const first = await bench.round(source);
    await bench.domain.destroy();
    await bench.domain.start(); // now the bitmaps are stored
    await bench.domain.kill();
    await bench.domain.start();
    const second = await bench.answers(source, first);
    expect(second.kinds).toEqual(['tracking-inconsistent', 'tracking-inconsistent']);
    await source.retire(first.state === null ? [] : [first.state]);
    expect(new Set(await bench.domain.bitmaps()).size).toBe(1);
    expect((await bench.answers(source, second)).kinds).toEqual(['incremental', 'incremental']);
  });

  it('to which a disk was added, and one removed, goes on with the others', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda', 'vdb']);
    const source = bench.source();
    const first = await bench.round(source);
    await bench.domain.destroy();
    await bench.domain.addDisk({ target: 'vdc', sizeBytes: 4 * 1024 * KIB });
    bench.domain.removeDisk('vdb');
    await bench.domain.start();
    expect((await bench.answers(source, first)).kinds).toEqual(['incremental', 'first-backup']);
  });

  it('whose disk was resized, or replaced, reads that disk in full', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda', 'vdb', 'vdc']);
    const source = bench.source();
    const first = await bench.round(source);
    await libvirt.virsh('blockresize', bench.domain.name, 'vda', '8M');
    const second = await bench.answers(source, first);
    expect(second.kinds).toEqual(['disk-resized', 'incremental', 'incremental']);
    await bench.domain.destroy();
    await bench.domain.addDisk({ target: 'vdb', sizeBytes: 4 * 1024 * KIB }, 'other');
    await bench.domain.start();
    expect((await bench.answers(source, second)).kinds).toEqual([
      'incremental',
      'disk-replaced',
      'incremental',
    ]);
  });

  it('with a raw disk reads that in full, and says why', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda']);
    await bench.domain.destroy();
    await bench.domain.addDisk({ target: 'vdb', sizeBytes: 4 * 1024 * KIB, format: 'raw' });
    await bench.domain.start();
    const source = bench.source();
    const first = await bench.round(source);
    expect(first.state?.disks).toEqual(['vda']);
    expect((await bench.answers(source, first)).kinds).toEqual(['incremental', 'no-change-tracking']);
  });

  it('serves two streams that do not disturb each other', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda']);
    const source = bench.source();
    const other = { stream: streamId('stream-b') };
    const a = await bench.round(source);
    await bench.write('vda', { offset: 0, length: 64 * KIB, value: 1 });
    const b = await bench.round(source, undefined, other);
    await bench.write('vda', { offset: 128 * KIB, length: 64 * KIB, value: 2 });
    const a2 = await bench.answers(source, a);
    await source.retire(a.state === null ? [] : [a.state]);
    const b2 = await bench.answers(source, b, other);
    expect([a2.kinds, b2.kinds]).toEqual([['incremental'], ['incremental']]);
    expect([a2.disks, b2.disks]).toEqual([bench.now(), bench.now()]);
  });

  it('keeps at most three baselines, and leaves the checkpoints of others alone', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda']);
    await libvirt.virsh('checkpoint-create-as', bench.domain.name, 'theirs');
    const source = bench.source();
    for (let round = 0; round < 3; round++) expect((await bench.round(source)).state).not.toBeNull();
    const { state } = await bench.round(source, undefined, {}, async ({ findings }) => {
      expect(findings.map(({ code }) => code)).toContain('no-change-tracking');
    });
    expect(state).toBeNull();
    expect(await bench.domain.bitmaps()).toHaveLength(4);
    await source.reconcile(bench.keep());
    expect(await bench.domain.bitmaps()).toEqual(['theirs']);
  });

  it('with a backup job of somebody else says so at once, and works when that ended', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda']);
    const [a, b] = [bench.source(), bench.source()];
    const first = await a.capture(await bench.request(a, []));
    const refused = await b.capture(await bench.request(b, [])).catch((error: unknown) => error);
    expect(SendenseError.is(refused, 'LOCKED') && refused.retry).toBe('later');
    await first[Symbol.asyncDispose]();
    expect(await bench.domain.bitmaps()).toEqual([]);
    expect((await bench.round(b)).disks).toEqual(bench.now());
  });

  it('says that its guest cannot be frozen: a finding where that is accepted, else a refusal', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda']);
    const source = bench.source();
    const want = 'filesystem';
    const strict = await bench.request(source, [], { consistency: { want, accept: want } });
    await expect(source.capture(strict)).rejects.toMatchObject({ code: 'QUIESCE_FAILED' });
    expect(await bench.domain.bitmaps()).toEqual([]);
    await bench.round(source, undefined, { consistency: { want, accept: 'crash' } }, async (capture) => {
      expect(capture.consistency).toBe('crash');
      expect(capture.findings.map(({ code }) => code)).toContain('consistency-weakened');
    });
  });

  it('that is destroyed while it is read has lost its instant', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda']);
    const source = bench.source();
    await using capture = await source.capture(await bench.request(source, []));
    await bench.domain.destroy();
    await expect(capture.seal()).rejects.toMatchObject({ code: 'INSTANT_LOST' });
  });

  it('goes on writing when the scratch folder runs full: the backup is given up first', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda']);
    let availableBytes = 2 ** 40;
    const fileSystem = { ...nodeFileSystem, space: async () => ({ totalBytes: 2 ** 40, availableBytes }) };
    const source = bench.source({ fileSystem });
    await using capture = await source.capture(await bench.request(source, []));
    availableBytes = 1;
    while ((await scratchFolders()).length > 0) await turn();
    await expect(capture.seal()).rejects.toMatchObject({
      code: 'INSTANT_LOST',
      message: expect.stringContaining('ran full'),
    });
    await capture[Symbol.asyncDispose]();
    expect(await bench.domain.bitmaps()).toEqual([]);
    const again = await bench.request(source, []);
    await expect(source.capture(again)).rejects.toMatchObject({ code: 'NO_SPACE' });
    expect(await scratchFolders()).toEqual([]);
  });

  it('that is not there any more says so', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda']);
    const source = bench.source();
    const request = await bench.request(source, []);
    await bench.domain.destroy();
    await expect(source.capture(request)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
