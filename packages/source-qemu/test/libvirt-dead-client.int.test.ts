import { SendenseError } from '@sendense/core';
import { type LibvirtDaemon, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dyingBackup } from './dying-backup.ts';
import { LibvirtBench } from './libvirt-bench.ts';

describeWithPeers(['libvirt', 'qemu-system-x86_64', 'qemu-img'], 'backup jobs of libvirt', () => {
  let libvirt: LibvirtDaemon;

  beforeAll(async () => {
    libvirt = await startLibvirt();
  }, 120_000);

  afterAll(() => libvirt[Symbol.asyncDispose]());

  const hasJob = ({ domain }: LibvirtBench) =>
    libvirt.virsh('backup-dumpxml', domain.name).then(
      () => true,
      () => false,
    );

  it('end with the process that reads them: its death leaves no scratch file to run full', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda']);
    const source = bench.source();
    const first = await bench.round(source);
    await dyingBackup(bench, first, ['backup-dumpxml', 3]);
    while (await hasJob(bench));
    await bench.write('vda', { offset: 0, length: 65_536, value: 7 });
    const next = await bench.answers(source, first);
    expect([next.kinds, next.disks]).toEqual([['incremental'], bench.now()]);
  });

  it('begin one after the other: of several at once one is made, and none comes later', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda']);
    const sources = [bench.source(), bench.source(), bench.source()];
    const requests = await Promise.all(sources.map((source) => bench.request(source, [])));
    const begun = await Promise.allSettled(
      sources.map(
        async (source, index) => await source.capture(requests[index] ?? (await bench.request(source, []))),
      ),
    );
    const refused = begun.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(refused.map((error) => SendenseError.is(error, 'LOCKED'))).toEqual([true, true]);
    for (const one of begun) if (one.status === 'fulfilled') await one.value[Symbol.asyncDispose]();
    expect([await hasJob(bench), await bench.domain.bitmaps()]).toEqual([false, []]);
  });

  it('are not disturbed by checkpoints that another process deletes while they begin', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda']);
    const [backup, cleaner] = [bench.source(), bench.source()];
    let last = await bench.round(backup);
    for (let round = 0; round < 3; round += 1) {
      const old = last.state === null ? [] : [last.state];
      const unused = await bench.round(backup);
      const [next] = await Promise.all([
        bench.round(backup, last),
        cleaner.retire(unused.state === null ? [] : [unused.state]),
      ]);
      await cleaner.retire(old);
      last = next;
    }
    expect(await bench.domain.bitmaps()).toHaveLength(1);
    expect(last.disks).toEqual(bench.now());
  });
});
