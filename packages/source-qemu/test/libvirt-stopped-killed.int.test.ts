import { readdir } from 'node:fs/promises';
import { startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { dyingBackup } from './dying-backup.ts';
import { LibvirtBench } from './libvirt-bench.ts';
import { checkpointsOf, storedBitmaps } from './libvirt-fixture.ts';

const TARGETS = ['vda', 'vdb'] as const;

/** Before the bitmaps are added, when they are, when libvirt knows of them, and when it has forgotten the old one. */
const CUTS: readonly (readonly [command: string, occurrence: number])[] = [
  ['dumpxml', 6],
  ['checkpoint-create', 1],
  ['dumpxml', 7],
  ['checkpoint-delete', 1],
];

describeWithPeers(['libvirt', 'qemu-system-x86_64', 'qemu-img'], 'a backup of a stopped domain', () => {
  it('whose process is killed leaves no gap wherever it dies, and nothing that reconcile does not remove', async () => {
    await using libvirt = await startLibvirt();
    await using bench = await LibvirtBench.open(libvirt, TARGETS, { persistent: true });
    const { domain } = bench;
    const source = bench.source();
    let last = await bench.round(source);
    for (const [index, cut] of CUTS.entries()) {
      await bench.write('vda', { offset: index * 65_536, length: 65_536, value: index + 1 });
      await domain.destroy();
      const after = await dyingBackup(bench, last, cut);
      if (after !== undefined) {
        expect(after.disks.every((disk, at) => bench.now()[at]?.equals(disk))).toBe(true);
      }
      last = after ?? last;
      await source.reconcile(bench.keep({ states: last.state === null ? [] : [last.state] }));
      const left = (await readdir(libvirt.folder)).filter(
        (name) => name.startsWith('.') && name.includes('sendense'),
      );
      expect(left, `left after ${cut.join(' ')}`).toEqual([]);
      const names = await checkpointsOf(libvirt, domain);
      expect(names, `checkpoints after ${cut.join(' ')}`).toEqual([expect.stringMatching(/^sendense\./)]);
      for (const target of TARGETS) expect(await storedBitmaps(domain.path(target))).toEqual(names);
      await domain.start();
      await bench.write('vdb', { offset: index * 65_536, length: 65_536, value: index + 1 });
      const next = await bench.answers(source, last);
      expect(next.kinds, `the backup after ${cut.join(' ')}`).toEqual(['incremental', 'incremental']);
      expect(next.disks.every((disk, at) => bench.now()[at]?.equals(disk))).toBe(true);
      if (last.state !== null) await source.retire([last.state]);
      last = next;
    }
  }, 180_000);
});
