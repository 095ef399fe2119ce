import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Capture } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { LiveBench, type Received } from './live-bench.ts';
import { createImage } from './live-fixture.ts';

const MIB = 2 ** 20;
const PEERS = ['qemu-system-x86_64', 'qemu-img'];

/** Opens a machine of one disk and backs it up, so that its disk has a baseline. */
async function openTracked(): Promise<{ readonly bench: LiveBench; readonly first: Received }> {
  const bench = await LiveBench.open({ count: 1, sizeBytes: 4 * MIB });
  await bench.qemu.io('vd0', 'write -P 1 0 1M');
  return { bench, first: await bench.round(bench.source()) };
}

/** What the next capture says of each disk: `incremental`, or the reason of its full. */
async function answers(bench: LiveBench, last: Received): Promise<readonly string[]> {
  let said: readonly string[] = [];
  await bench.round(bench.source(), last, {}, async (capture: Capture) => {
    said = capture.disks.map(({ changes }) => (changes.kind === 'full' ? changes.reason : changes.kind));
  });
  return said;
}

/** Name of the only baseline. */
function bitmapOf({ state }: Received): string {
  const [name] = /sendense\.[^"]+/.exec(JSON.stringify(state?.data)) ?? [];
  return name ?? '';
}

describeWithPeers(PEERS, 'the baseline of a running machine', () => {
  it('holds after a clean restart', async () => {
    const { bench, first } = await openTracked();
    await using _ = bench;
    await bench.qemu.quit();
    await bench.boot();
    expect(await answers(bench, first)).toEqual(['incremental']);
  });

  it('is lost with a QEMU that was killed in the run that made it', async () => {
    const { bench, first } = await openTracked();
    await using _ = bench;
    await bench.qemu.kill();
    await bench.boot();
    expect(await answers(bench, first)).toEqual(['tracking-lost']);
  });

  it('is inconsistent after a QEMU that was killed in a later run, and can then be retired', async () => {
    const { bench, first } = await openTracked();
    await using _ = bench;
    await bench.qemu.quit();
    await bench.boot();
    await bench.qemu.kill();
    await bench.boot();
    expect(await answers(bench, first)).toEqual(['tracking-inconsistent']);
    if (first.state !== null) await bench.source().retire([first.state]);
    const nodes = JSON.stringify(await bench.qemu.command('query-named-block-nodes', { flat: true }));
    expect(nodes).not.toContain(bitmapOf(first));
  });

  it.each([
    ['block-dirty-bitmap-remove', 'tracking-lost'],
    ['block-dirty-bitmap-disable', 'tracking-lost'],
  ])('is lost after %s by somebody', async (command, reason) => {
    const { bench, first } = await openTracked();
    await using _ = bench;
    await bench.qemu.command(command, { node: 'vd0-node', name: bitmapOf(first) });
    expect(await answers(bench, first)).toEqual([reason]);
  });

  it('does not hold for a disk of another size', async () => {
    const { bench, first } = await openTracked();
    await using _ = bench;
    await bench.qemu.command('block_resize', { 'node-name': 'vd0-node', size: 5 * MIB });
    expect(await answers(bench, first)).toEqual(['disk-resized']);
  });

  it('is lost when somebody puts a snapshot over the disk without QEMU knowing of bitmaps', async () => {
    const { bench, first } = await openTracked();
    await using _ = bench;
    const overlay = join(bench.folder, 'overlay.qcow2');
    const where = { 'node-name': 'vd0-node', 'snapshot-file': overlay, 'snapshot-node-name': 'over' };
    await bench.qemu.command('blockdev-snapshot-sync', { ...where, format: 'qcow2' });
    await bench.qemu.io('vd0', 'write -P 9 0 64k');
    const next = await bench.round(bench.source(), first, {}, async ({ disks: [disk], findings }) => {
      expect(disk).toMatchObject({ id: 'vd0', changes: { kind: 'full', reason: 'tracking-lost' } });
      expect(findings).toContainEqual(
        expect.objectContaining({ code: 'tracking-lost', message: expect.stringContaining('snapshot') }),
      );
    });
    expect(next.disks[0]?.subarray(0, 65_536)).toEqual(Buffer.alloc(65_536, 9));
    await bench.qemu.io('vd0', 'write -P 8 64k 64k');
    expect(await answers(bench, next)).toEqual(['incremental']);
  });

  it('does not hold for another image in the place of the disk', async () => {
    const { bench, first } = await openTracked();
    await using _ = bench;
    await bench.qemu.quit();
    const other = join(bench.folder, 'other.qcow2');
    await createImage(other, 4 * MIB);
    await bench.boot([{ id: 'vd0', path: other }]);
    expect(await answers(bench, first)).toEqual(['disk-replaced']);
  });

  it('goes with an image that is copied back from an earlier day', async () => {
    const { bench, first } = await openTracked();
    await using _ = bench;
    await bench.qemu.quit();
    const kept = join(bench.folder, 'kept');
    await copyFile(bench.image('vd0'), kept);
    await bench.boot();
    await bench.qemu.io('vd0', 'write -P 5 2M 64k');
    await bench.qemu.quit();
    await copyFile(kept, bench.image('vd0'));
    await bench.boot();
    expect(await answers(bench, first)).toEqual(['incremental']);
  });

  it('stays for the other disks when one is added or taken away', async () => {
    const { bench, first } = await openTracked();
    await using _ = bench;
    await bench.qemu.quit();
    const added = join(bench.folder, 'added.qcow2');
    await createImage(added, MIB);
    const disk = { id: 'vd0', path: bench.image('vd0') };
    await bench.boot([disk, { id: 'vd1', path: added }]);
    const both = await bench.round(bench.source(), first, {}, async ({ disks }) => {
      expect(disks.map(({ changes }) => (changes.kind === 'full' ? changes.reason : changes.kind))).toEqual([
        'incremental',
        'first-backup',
      ]);
    });
    await bench.qemu.quit();
    await bench.boot([disk]);
    expect(await answers(bench, both)).toEqual(['incremental']);
  });

  it('may have another granularity', async () => {
    const { bench, first } = await openTracked();
    await using _ = bench;
    const name = bitmapOf(first);
    await bench.qemu.command('block-dirty-bitmap-remove', { node: 'vd0-node', name });
    await bench.qemu.command('block-dirty-bitmap-add', { node: 'vd0-node', name, granularity: 4096 });
    await bench.qemu.io('vd0', 'write -P 5 2M 4k');
    await bench.round(bench.source(), first, {}, async ({ disks: [disk] }) => {
      if (disk?.changes.kind !== 'incremental') throw new Error('not incremental');
      const found = [];
      for await (const extent of disk.changes.extents()) found.push(extent);
      expect(found).toEqual([{ offset: 2 * MIB, length: 4096, kind: 'data' }]);
    });
  });
});
