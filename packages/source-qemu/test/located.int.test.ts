import { createNbdDriver } from '@sendense/blockio-nbd';
import type { BlockReader, DiskView } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { LiveBench, type Received } from './live-bench.ts';

const MIB = 2 ** 20;
const SIZE = 4 * MIB;

async function bytesOf(reader: BlockReader): Promise<Buffer> {
  const bytes = Buffer.alloc(reader.sizeBytes);
  await reader.read(0, bytes);
  return bytes;
}

/** What a driver reads where the disk says that it lies, by connections of its own. */
async function readLocated({ reader, sizeBytes }: DiskView): Promise<Buffer> {
  const bytes = Buffer.alloc(sizeBytes);
  const driver = createNbdDriver({ connections: 4 });
  for await (const { offset, length, at } of reader.locate?.({ offset: 0, length: sizeBytes }) ?? []) {
    if (at === 'zero') continue;
    await using located = await driver.openReader(at.endpoint);
    await located.read(at.offset, bytes.subarray(offset, offset + length));
  }
  return bytes;
}

describeWithPeers(['qemu-system-x86_64', 'qemu-img'], 'a frozen disk of a running machine', () => {
  it('can be read by a driver where it is located, in a full and in an increment, as the guest writes on', async () => {
    await using bench = await LiveBench.open({ count: 2, sizeBytes: SIZE });
    const source = bench.source();
    let last: Received | undefined;
    const kinds: string[] = [];
    for (const value of [1, 2]) {
      for (const id of bench.ids) await bench.qemu.io(id, `write -P ${value} ${value}M 300k`);
      last = await bench.round(source, last, {}, async ({ disks }) => {
        for (const [index, view] of disks.entries()) {
          await bench.qemu.io(bench.ids[index] ?? '', 'write -P 99 1M 2M');
          expect(Buffer.compare(await readLocated(view), await bytesOf(view.reader))).toBe(0);
          kinds.push(view.changes.kind);
        }
      });
    }
    expect(kinds).toEqual(['full', 'full', 'incremental', 'incremental']);
    expect(last?.disks[0]?.subarray(2 * MIB, 2 * MIB + 4096)).toEqual(Buffer.alloc(4096, 2));
  });

  it('is located at an export of its own, which is gone with the capture', async () => {
    await using bench = await LiveBench.open({ count: 2, sizeBytes: MIB });
    const endpoints: unknown[] = [];
    let view: DiskView | undefined;
    await bench.round(bench.source(), undefined, {}, async ({ disks }) => {
      for (const { reader } of disks)
        for await (const { at } of reader.locate?.({ offset: 0, length: MIB }) ?? []) endpoints.push(at);
      view = disks[0];
    });
    const names = endpoints.map((at) => JSON.stringify(at));
    expect(new Set(names).size).toBe(2);
    expect(names.every((name) => name.includes('"kind":"nbd"'))).toBe(true);
    if (view === undefined) throw new Error('the machine has no disk');
    await expect(readLocated(view)).rejects.toThrow();
  });
});
