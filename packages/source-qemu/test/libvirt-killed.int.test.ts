import { readdir } from 'node:fs/promises';
import { startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { dyingBackup } from './dying-backup.ts';
import { LibvirtBench } from './libvirt-bench.ts';

const TARGETS = ['vda', 'vdb'] as const;

/** Every virsh command of a backup that changes anything, and those around it. */
const CUTS: readonly (readonly [command: string, occurrence: number])[] = [
  ['dumpxml', 2],
  ['backup-dumpxml', 1],
  ['backup-begin', 1],
  ['backup-dumpxml', 3],
  ['domjobabort', 1],
  ['backup-dumpxml', 5],
  ['checkpoint-delete', 1],
];

describeWithPeers(['libvirt', 'qemu-system-x86_64', 'qemu-img'], 'a backup of a domain', () => {
  it('whose process is killed leaves no gap wherever it dies, and nothing that reconcile does not remove', async () => {
    await using libvirt = await startLibvirt();
    await using bench = await LibvirtBench.open(libvirt, TARGETS);
    await libvirt.virsh('checkpoint-create-as', bench.domain.name, 'theirs');
    const source = bench.source();
    let last = await bench.round(source);
    for (const [index, cut] of CUTS.entries()) {
      const write = { offset: index * 65_536, length: 65_536, value: index + 1 };
      await bench.write('vda', write);
      const after = await dyingBackup(bench, last, cut);
      if (after !== undefined) expect(after.disks, `stored before ${cut.join(' ')}`).toEqual(bench.now());
      last = after ?? last;
      await bench.write('vdb', write);
      await source.reconcile(bench.keep({ states: last.state === null ? [] : [last.state] }));
      const left = (await readdir(libvirt.folder)).filter((name) => name.startsWith('.sendense'));
      expect(left, `left after ${cut.join(' ')}`).toEqual([]);
      const names = [...new Set(await bench.domain.bitmaps())];
      expect(names, `bitmaps after ${cut.join(' ')}`).toEqual([
        expect.stringMatching(/^sendense\./),
        'theirs',
      ]);
      const next = await bench.answers(source, last);
      expect(next.kinds, `the backup after ${cut.join(' ')}`).toEqual(['incremental', 'incremental']);
      expect(next.disks, `the backup after ${cut.join(' ')}`).toEqual(bench.now());
      if (last.state !== null) await source.retire([last.state]);
      last = next;
    }
  }, 180_000);
});
