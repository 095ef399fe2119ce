import { join } from 'node:path';
import { guardSource } from '@sendense/core';
import { createQemuSource } from '@sendense/source-qemu';
import { LiveDomain, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { LibvirtBench } from './libvirt-bench.ts';
import { receive } from './live-bench.ts';

const KIB = 1024;

describeWithPeers(['libvirt', 'qemu-system-x86_64', 'qemu-img'], 'a domain that migrated live', () => {
  it('is backed up by its changes where it runs now: its bitmaps went along', async () => {
    await using here = await startLibvirt();
    await using there = await startLibvirt();
    await using bench = await LibvirtBench.open(here, ['vda', 'vdb']);
    const { name, uuid } = bench.domain;
    const first = await bench.round(bench.source());
    await bench.write('vda', { offset: 0, length: 64 * KIB, value: 3 });
    const by = `unix://${join(there.folder, 'migration')}`;
    await here.virsh('migrate', '--live', '--unsafe', name, there.uri, '--migrateuri', by);
    await there.virsh('resume', name); // until then QEMU leaves the images to the old one
    const moved = new LiveDomain(there, { name, uuid });
    await moved.write('vdb', { offset: 128 * KIB, length: 64 * KIB, value: 4 });
    bench.content.get('vdb')?.fill(4, 128 * KIB, 192 * KIB);
    await using source = guardSource(createQemuSource({ libvirt: { uri: there.uri, domain: name } }));
    await using capture = await source.capture(
      await bench.request(source, first.state === null ? [] : [first.state]),
    );
    expect(capture.disks.map(({ changes }) => changes.kind)).toEqual(['incremental', 'incremental']);
    expect(await receive(capture, first.disks)).toEqual(bench.now());
  }, 180_000);
});
