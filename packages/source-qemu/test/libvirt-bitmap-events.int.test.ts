import { join } from 'node:path';
import { type LibvirtDaemon, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LibvirtBench } from './libvirt-bench.ts';

const KIB = 1024;

/** What happens to the bitmap of a disk of a domain, and how the disk is copied after it. */
type BitmapEvent = {
  readonly event: string;
  /** Before the baseline is made. */
  readonly before?: (bench: LibvirtBench, target: string) => Promise<void>;
  readonly act: (bench: LibvirtBench, target: string) => Promise<void>;
  /** `incremental`, or the reason of a full. */
  readonly answer: string;
};

const imageOf = ({ libvirt, domain }: LibvirtBench, target: string) =>
  join(libvirt.folder, `${domain.name}-${target}.qcow2`);
const overlayOf = (bench: LibvirtBench, target: string) => `${imageOf(bench, target)}.overlay`;

async function restart({ domain }: LibvirtBench, whileOff = async () => {}): Promise<void> {
  await domain.destroy();
  await whileOff();
  await domain.start();
}

async function crash({ domain, content }: LibvirtBench): Promise<void> {
  for (const target of content.keys()) await domain.io(target, 'flush');
  await domain.kill();
  await domain.start();
}

async function takeSnapshot(bench: LibvirtBench, target: string): Promise<void> {
  const others = [...bench.content.keys()].filter((other) => other !== target);
  const left = others.flatMap((other) => ['--diskspec', `${other},snapshot=no`]);
  const how = [
    '--disk-only',
    '--no-metadata',
    '--diskspec',
    `${target},file=${overlayOf(bench, target)}`,
    ...left,
  ];
  await bench.libvirt.virsh('snapshot-create-as', bench.domain.name, 'theirs', ...how);
  bench.domain.useImage(target, overlayOf(bench, target));
}

const block =
  (command: string, ...args: readonly string[]) =>
  async ({ libvirt, domain }: LibvirtBench, target: string): Promise<void> => {
    await libvirt.virsh(command, domain.name, target, ...args);
  };

/** By libvirt, while the domain runs. */
const LIVE: readonly BitmapEvent[] = [
  { event: 'external snapshot', act: takeSnapshot, answer: 'incremental' },
  {
    event: 'block commit',
    before: takeSnapshot,
    act: block('blockcommit', '--active', '--pivot', '--wait'),
    answer: 'incremental',
  },
  { event: 'block pull', before: takeSnapshot, act: block('blockpull', '--wait'), answer: 'incremental' },
  {
    event: 'block copy',
    act: (bench, target) => block('blockcopy', overlayOf(bench, target), '--wait', '--pivot')(bench, target),
    answer: 'incremental',
  },
];

/** Runs qemu-img on the image of a disk. */
const qemuImg =
  (args: (image: string) => readonly string[]) =>
  async ({ domain }: LibvirtBench, target: string): Promise<void> => {
    await execa('qemu-img', [...args(domain.path(target))]);
  };

/** Puts another image with other bytes below the overlay of a disk. */
async function rebase(bench: LibvirtBench, target: string): Promise<void> {
  const other = `${imageOf(bench, target)}.other`;
  await execa('cp', [imageOf(bench, target), other]);
  await execa('qemu-io', ['-c', 'write -P 9 2M 64k', other]);
  await execa('qemu-img', ['rebase', '-u', '-F', 'qcow2', '-b', other, overlayOf(bench, target)]);
  await bench.libvirt.own(other);
  bench.content.get(target)?.fill(9, 2048 * KIB, 2112 * KIB);
}

async function convert({ domain }: LibvirtBench, target: string): Promise<void> {
  const image = domain.path(target);
  await execa('qemu-img', ['convert', '-O', 'qcow2', image, `${image}.new`]);
  await execa('mv', [`${image}.new`, image]);
}

async function resize(bench: LibvirtBench, target: string): Promise<void> {
  await qemuImg((image) => ['resize', '-q', image, '5M'])(bench, target);
  const content = bench.content.get(target) ?? Buffer.of();
  bench.content.set(target, Buffer.concat([content, Buffer.alloc(2 ** 20)]));
}

async function removeBitmaps(bench: LibvirtBench, target: string): Promise<void> {
  const { stdout } = await execa('qemu-img', ['info', '--output=json', bench.domain.path(target)]);
  const names = [...stdout.matchAll(/"name": "(sendense[^"]+)"/g)].map(([, name = '']) => name);
  expect(names).toHaveLength(1);
  for (const name of names) await qemuImg((image) => ['bitmap', '--remove', image, name])(bench, target);
}

/** QEMU does not let anybody revert an image that has bitmaps. */
async function revert(bench: LibvirtBench, target: string): Promise<void> {
  await qemuImg((image) => ['snapshot', '-c', 'theirs', image])(bench, target);
  const applied = qemuImg((image) => ['snapshot', '-a', 'theirs', image])(bench, target);
  await expect(applied).rejects.toThrow('dirty bitmaps');
}

/** While QEMU does not run. */
const OFF: readonly BitmapEvent[] = [
  { event: 'clean end of QEMU', act: async () => {}, answer: 'incremental' },
  { event: 'qemu-img rebase', before: takeSnapshot, act: rebase, answer: 'tracking-lost' },
  { event: 'qemu-img convert', act: convert, answer: 'tracking-lost' },
  { event: 'qemu-img resize', act: resize, answer: 'disk-resized' },
  { event: 'qemu-img bitmap --remove', act: removeBitmaps, answer: 'tracking-lost' },
  { event: 'qemu-img snapshot -a', act: revert, answer: 'incremental' },
];

/** To all disks at once. */
const CRASHES: readonly (BitmapEvent & { readonly runs: number })[] = [
  { event: 'crash in the run that made it', runs: 1, act: async () => {}, answer: 'tracking-lost' },
  { event: 'crash in a later run', runs: 2, act: async () => {}, answer: 'tracking-inconsistent' },
];

describeWithPeers(['libvirt', 'qemu-system-x86_64', 'qemu-img', 'qemu-io'], 'the bitmap of a domain', () => {
  let libvirt: LibvirtDaemon;

  beforeAll(async () => {
    libvirt = await startLibvirt();
  }, 120_000);

  afterAll(() => libvirt[Symbol.asyncDispose]());

  /** Lets each event happen to a disk of its own of one domain, and looks at the backup after them. */
  async function expectAnswers(
    events: readonly BitmapEvent[],
    happen: (bench: LibvirtBench, actAll: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const all = events.map((event, index) => ({ ...event, target: `vd${'abcdef'[index] ?? ''}` }));
    const targets = all.map(({ target }) => target);
    await using bench = await LibvirtBench.open(libvirt, targets);
    const source = bench.source();
    const write = async (value: number) => {
      for (const target of targets)
        await bench.write(target, { offset: value * 64 * KIB, length: 64 * KIB, value });
    };
    await write(1);
    for (const { before, target } of all) await before?.(bench, target);
    const first = await bench.round(source);
    await write(2);
    await happen(bench, async () => {
      for (const { act, target } of all) await act(bench, target);
      for (const target of targets) await libvirt.own(bench.domain.path(target));
    });
    await write(5);
    const next = await bench.answers(source, first);
    const said = Object.fromEntries(all.map(({ event }, index) => [event, next.kinds[index]]));
    expect(said).toEqual(Object.fromEntries(all.map(({ event, answer }) => [event, answer])));
    for (const [index, { event }] of all.entries())
      expect(next.disks[index]?.equals(bench.now()[index] ?? Buffer.of()), `bytes after ${event}`).toBe(true);
  }

  it(
    'follows what libvirt does to a disk that runs',
    () => expectAnswers(LIVE, (_, actAll) => actAll()),
    120_000,
  );

  it(
    'is stored by a clean end of QEMU, and nothing that was done to the image since goes unseen',
    () => expectAnswers(OFF, restart),
    120_000,
  );

  it.each(CRASHES)(
    'does not survive a $event',
    (crashed) =>
      expectAnswers([crashed], async (bench) => {
        for (let run = 1; run < crashed.runs; run += 1) await restart(bench);
        await crash(bench);
      }),
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
