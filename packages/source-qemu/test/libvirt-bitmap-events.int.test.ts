import { join } from 'node:path';
import { type LibvirtDaemon, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LibvirtBench } from './libvirt-bench.ts';

const KIB = 1024;

/** What happens to the bitmap of the disk vda of a domain, and how the disk is copied after it. */
type BitmapEvent = {
  readonly event: string;
  /** Before the baseline is made. */
  readonly before?: (bench: LibvirtBench) => Promise<void>;
  readonly act: (bench: LibvirtBench) => Promise<void>;
  /** `incremental`, or the reason of a full. */
  readonly answer: string;
};

const overlayOf = ({ libvirt, domain }: LibvirtBench) => join(libvirt.folder, `${domain.name}-overlay.qcow2`);

async function restart({ domain }: LibvirtBench, whileOff = async () => {}): Promise<void> {
  await domain.destroy();
  await whileOff();
  await domain.start();
}

async function crash({ domain }: LibvirtBench): Promise<void> {
  await domain.io('vda', 'flush');
  await domain.kill();
  await domain.start();
}

async function takeSnapshot(bench: LibvirtBench): Promise<void> {
  const where = `vda,file=${overlayOf(bench)}`;
  const how = ['--disk-only', '--no-metadata', '--diskspec', where];
  await bench.libvirt.virsh('snapshot-create-as', bench.domain.name, 'theirs', ...how);
  bench.domain.useImage('vda', overlayOf(bench));
}

const block =
  (command: string, ...args: readonly string[]) =>
  ({ libvirt, domain }: LibvirtBench) =>
    libvirt.virsh(command, domain.name, 'vda', ...args).then(() => undefined);

/** Runs qemu-img on the image of vda while the domain is off. */
const offline =
  (args: (image: string, bench: LibvirtBench) => readonly string[]) =>
  async (bench: LibvirtBench): Promise<void> => {
    const image = bench.domain.path('vda');
    await restart(bench, async () => {
      await execa('qemu-img', [...args(image, bench)]);
      await bench.libvirt.own(image);
    });
  };

/** Puts another image with other bytes below the overlay of vda. */
async function rebase(bench: LibvirtBench): Promise<void> {
  const [base, other] = [
    join(bench.libvirt.folder, `${bench.domain.name}-vda.qcow2`),
    `${overlayOf(bench)}.other`,
  ];
  await restart(bench, async () => {
    await execa('cp', [base, other]);
    await execa('qemu-io', ['-c', 'write -P 9 2M 64k', other]);
    await execa('qemu-img', ['rebase', '-u', '-F', 'qcow2', '-b', other, overlayOf(bench)]);
    for (const path of [other, overlayOf(bench)]) await bench.libvirt.own(path);
  });
  bench.content.get('vda')?.fill(9, 2048 * KIB, 2112 * KIB);
}

async function convert(bench: LibvirtBench): Promise<void> {
  const image = bench.domain.path('vda');
  await restart(bench, async () => {
    await execa('qemu-img', ['convert', '-O', 'qcow2', image, `${image}.new`]);
    await execa('mv', [`${image}.new`, image]);
    await bench.libvirt.own(image);
  });
}

async function removeBitmaps(bench: LibvirtBench): Promise<void> {
  const image = bench.domain.path('vda');
  const names = [...new Set(await bench.domain.bitmaps())];
  await restart(bench, async () => {
    for (const name of names) await execa('qemu-img', ['bitmap', '--remove', image, name]);
    await bench.libvirt.own(image);
  });
}

/** QEMU does not let anybody revert an image that has bitmaps. */
async function revertInternal(bench: LibvirtBench): Promise<void> {
  const image = bench.domain.path('vda');
  await restart(bench, async () => {
    await execa('qemu-img', ['snapshot', '-c', 'theirs', image]);
    await expect(execa('qemu-img', ['snapshot', '-a', 'theirs', image])).rejects.toThrow('dirty bitmaps');
    await bench.libvirt.own(image);
  });
}

const EVENTS: readonly BitmapEvent[] = [
  { event: 'a clean end of QEMU', act: (bench) => restart(bench), answer: 'incremental' },
  { event: 'a crash in the run that made it', act: crash, answer: 'tracking-lost' },
  {
    event: 'a crash in a later run',
    act: async (bench) => {
      await restart(bench);
      await crash(bench);
    },
    answer: 'tracking-inconsistent',
  },
  { event: 'an external snapshot by libvirt', act: takeSnapshot, answer: 'incremental' },
  {
    event: 'a commit of that snapshot by libvirt',
    before: takeSnapshot,
    act: async (bench) => {
      await block('blockcommit', '--active', '--pivot', '--wait')(bench);
      bench.domain.useImage('vda', join(bench.libvirt.folder, `${bench.domain.name}-vda.qcow2`));
    },
    answer: 'incremental',
  },
  {
    event: 'a pull into that snapshot by libvirt',
    before: takeSnapshot,
    act: block('blockpull', '--wait'),
    answer: 'incremental',
  },
  {
    event: 'a copy of the disk by libvirt',
    act: async (bench) => await block('blockcopy', overlayOf(bench), '--wait', '--pivot')(bench),
    answer: 'incremental',
  },
  { event: 'qemu-img rebase', before: takeSnapshot, act: rebase, answer: 'tracking-lost' },
  { event: 'qemu-img convert', act: convert, answer: 'tracking-lost' },
  {
    event: 'qemu-img resize',
    act: async (bench) => {
      await offline((image) => ['resize', '-q', image, '5M'])(bench);
      bench.content.set(
        'vda',
        Buffer.concat([bench.content.get('vda') ?? Buffer.of(), Buffer.alloc(2 ** 20)]),
      );
    },
    answer: 'disk-resized',
  },
  { event: 'qemu-img bitmap --remove', act: removeBitmaps, answer: 'tracking-lost' },
  { event: 'qemu-img snapshot -a', act: revertInternal, answer: 'incremental' },
];

describeWithPeers(['libvirt', 'qemu-system-x86_64', 'qemu-img', 'qemu-io'], 'the bitmap of a domain', () => {
  let libvirt: LibvirtDaemon;

  beforeAll(async () => {
    libvirt = await startLibvirt();
  }, 120_000);

  afterAll(() => libvirt[Symbol.asyncDispose]());

  it.each(EVENTS)(
    'after $event: $answer',
    async ({ before, act, answer }) => {
      await using bench = await LibvirtBench.open(libvirt, ['vda']);
      const source = bench.source();
      await bench.write('vda', { offset: 0, length: 64 * KIB, value: 1 });
      await before?.(bench);
      const first = await bench.round(source);
      await bench.write('vda', { offset: 64 * KIB, length: 64 * KIB, value: 2 });
      await act(bench);
      await bench.write('vda', { offset: 256 * KIB, length: 64 * KIB, value: 3 });
      const next = await bench.answers(source, first);
      expect(next.kinds).toEqual([answer]);
      expect(next.disks).toEqual(bench.now());
    },
    120_000,
  );

  it('that is lost in one of several disks while they are read costs that disk its next increment, and no other', async () => {
    await using bench = await LibvirtBench.open(libvirt, ['vda', 'vdb']);
    const source = bench.source();
    const first = await bench.round(source, undefined, {}, async () => {
      const [name = ''] = await bench.domain.bitmaps();
      await bench.domain.removeBitmap('vdb', name);
    });
    await bench.write('vda', { offset: 0, length: 64 * KIB, value: 4 });
    await bench.write('vdb', { offset: 0, length: 64 * KIB, value: 5 });
    const next = await bench.answers(source, first);
    expect(next.kinds).toEqual(['incremental', 'tracking-lost']);
    expect(next.disks).toEqual(bench.now());
    expect((await bench.answers(source, next)).kinds).toEqual(['incremental', 'incremental']);
  }, 120_000);

  it('is kept whatever device the disk is: an own thread, large sectors, virtio-scsi', async () => {
    const disks = [
      { target: 'vda', device: { iothread: true } },
      { target: 'vdb', device: { sectorBytes: 4096 } },
      { target: 'sda', device: {} },
      { target: 'sdb', device: { sectorBytes: 4096 } },
    ] as const;
    await using bench = await LibvirtBench.open(libvirt, disks);
    const source = bench.source();
    const write = async (value: number) => {
      for (const { target } of disks)
        await bench.write(target, { offset: value * 64 * KIB, length: 4 * KIB, value });
    };
    await write(1);
    const first = await bench.round(source, undefined, {}, async (capture) => {
      expect(capture.disks.map(({ slot }) => slot.bus)).toEqual(['virtio', 'virtio', 'scsi', 'scsi']);
      expect(capture.disks.map(({ sectorBytes }) => sectorBytes)).toEqual([512, 4096, 512, 4096]);
    });
    await write(2);
    const instant = bench.now();
    const next = await bench.round(source, first, {}, async (capture) => {
      expect(capture.disks.map(({ changes }) => changes.kind)).toEqual(disks.map(() => 'incremental'));
      await write(3);
    });
    expect(next.disks).toEqual(instant);
    await restart(bench);
    const last = await bench.answers(source, next);
    expect([last.kinds, last.disks]).toEqual([disks.map(() => 'incremental'), bench.now()]);
  }, 120_000);
});
