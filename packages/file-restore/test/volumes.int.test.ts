import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { noise } from './support/sample-tree.ts';

const MIB = 2 ** 20;
const CONTENT = noise(2 * MIB + 17, 'content');

let folder = '';
let tree = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-volumes-'));
  tree = join(folder, 'tree');
  await mkdir(tree);
  await writeFile(join(tree, 'content'), CONTENT);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** An ext4 file system of `mib` MiB with one file more than the others: its own name. */
async function makeFileSystem(name: string, mib: number): Promise<string> {
  const own = join(folder, `tree-${name}`);
  await mkdir(own);
  await writeFile(join(own, name), '');
  await copyFile(join(tree, 'content'), join(own, 'content'));
  const image = join(folder, `${name}.ext4`);
  run('mke2fs', ['-q', '-F', '-t', 'ext4', '-O', 'extent', '-d', own, image, `${mib}M`]);
  return image;
}

/** What is told beside volumes that hold nothing. */
function warningsOf({ findings }: BrowseSession): string[] {
  return findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code);
}

async function copyInto(
  disk: string,
  image: string,
  at: number,
  from = 0,
  length = Number.POSITIVE_INFINITY,
): Promise<void> {
  const count = length === Number.POSITIVE_INFINITY ? [] : [`count=${length}`];
  const flags = ['conv=notrunc,sparse', 'iflag=skip_bytes,count_bytes', 'oflag=seek_bytes', 'bs=65536'];
  run('dd', [`if=${image}`, `of=${disk}`, `seek=${at}`, `skip=${from}`, ...count, ...flags, 'status=none']);
}

describeWithPeers(['ext4-tools', 'fat-tools', 'partition-tools'], 'a disk that sfdisk divided', () => {
  const gpt = ['label: gpt', 'start=2048, size=40960, name="system"', 'start=45056, size=40960, name="data"'];
  const mbr = [
    'label: dos',
    'start=2048, size=40960, type=83',
    'start=43008, size=120000, type=5',
    'start=45056, size=40960, type=83',
    'start=88064, size=40960, type=83',
  ];

  async function makeDisk(
    script: readonly string[],
    parts: Readonly<Record<string, number>>,
  ): Promise<string> {
    const disk = join(folder, `${randomUUID()}.raw`);
    run('truncate', ['-s', '100M', disk]);
    run('sfdisk', ['-q', disk], `${script.join('\n')}\n`);
    for (const [image, sector] of Object.entries(parts)) await copyInto(disk, image, sector * 512);
    return disk;
  }

  it('by a GPT shows its partitions with their names; / lists them, and a path finds the one that has it', async () => {
    const [a, b] = [await makeFileSystem('a', 20), await makeFileSystem('b', 20)];
    await using session = await browse(await openRawPoint(await makeDisk(gpt, { [a]: 2048, [b]: 45_056 })));
    expect(session.volumes.map(({ id, label, fileSystem }) => [id, label, fileSystem])).toEqual([
      ['disk-0-p1', 'system', 'ext4'],
      ['disk-0-p2', 'data', 'ext4'],
    ]);
    expect(await namesOf(session, '/')).toEqual(['disk-0-p1', 'disk-0-p2']);
    expect((await session.find('/b')).volume.id).toBe('disk-0-p2');
    expect(await contentOf(session, '/disk-0-p1/content')).toEqual(CONTENT);
    await expect(session.find('/content')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(session.find('/nowhere')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('by a GPT whose first copy is gone is read by the copy at its end, and that is told', async () => {
    const image = await makeFileSystem('copy', 20);
    const disk = await makeDisk(gpt, { [image]: 2048 });
    await using file = await open(disk, 'r+');
    await file.write(Buffer.alloc(512, 0xff), 0, 512, 512);
    await using session = await browse(await openRawPoint(disk));
    expect(warningsOf(session)).toEqual(['partition-table-damaged']);
    expect(await contentOf(session, '/content')).toEqual(CONTENT);
  });

  it('by a GPT and formatted as a whole later shows what it was formatted as', async () => {
    const image = await makeFileSystem('whole', 20);
    const disk = await makeDisk(gpt, { [image]: 2048 });
    run('mkfs.fat', ['-I', '-F', '16', '-n', 'WHOLE', disk]);
    await using session = await browse(await openRawPoint(disk));
    expect(session.volumes).toMatchObject([
      { id: 'disk-0', kind: 'disk', fileSystem: 'fat16', fileSystemLabel: 'WHOLE' },
    ]);
  });

  it('by a GPT whose boot record is gone is read by it where nothing else is known, and that is told', async () => {
    const image = await makeFileSystem('unsaid', 20);
    const disk = await makeDisk(gpt, { [image]: 2048 });
    await using file = await open(disk, 'r+');
    await file.write(Buffer.alloc(512), 0, 512, 0);
    await using session = await browse(await openRawPoint(disk));
    expect(warningsOf(session)).toEqual(['partition-table-damaged']);
    expect(await contentOf(session, '/content')).toEqual(CONTENT);
  });

  it('by a boot record shows primary and logical partitions', async () => {
    const [first, second, third] = [
      await makeFileSystem('p1', 20),
      await makeFileSystem('p5', 20),
      await makeFileSystem('p6', 20),
    ];
    const disk = await makeDisk(mbr, { [first]: 2048, [second]: 45_056, [third]: 88_064 });
    await using session = await browse(await openRawPoint(disk));
    expect(session.volumes.map(({ id }) => id)).toEqual(['disk-0-p1', 'disk-0-p5', 'disk-0-p6']);
    for (const name of ['p1', 'p5', 'p6'])
      expect((await session.find(`/${name}`)).volume.id).toBe(`disk-0-${name}`);
  });

  it('by a boot record whose chain of logical partitions goes round ends, and that is told', async () => {
    const image = await makeFileSystem('round', 20);
    const disk = await makeDisk(mbr, { [image]: 2048 });
    await using file = await open(disk, 'r+');
    const link = Buffer.alloc(16);
    link[4] = 5;
    link.writeUInt32LE(0, 8);
    link.writeUInt32LE(1, 12);
    await file.write(link, 0, 16, 43_008 * 512 + 462);
    await using session = await browse(await openRawPoint(disk));
    expect(warningsOf(session)).toEqual(['partition-table-damaged']);
    expect(await contentOf(session, '/content')).toEqual(CONTENT);
  });
});

describeWithPeers(
  ['ext4-tools', 'lvm', 'loop-mounts', 'partition-tools'],
  'a volume group that LVM made',
  () => {
    const group = `sendense-${randomUUID().slice(0, 8)}`;
    const images = ['a', 'b'].map((name) => `lvm-${name}.raw`);
    const loops: string[] = [];
    const lvm = (...args: string[]) =>
      run('lvm', [
        ...args,
        '--config',
        `devices{filter=["a|^/dev/loop|","r|.*|"] use_devicesfile=0 obtain_device_list_from_udev=0 external_device_info_source="none"} global{use_lvmpolld=0} activation{udev_sync=0 udev_rules=0} backup{backup=0 archive=0}`,
      ]);

    beforeAll(async () => {
      for (const image of images) {
        run('truncate', ['-s', '64M', join(folder, image)]);
        loops.push(run('losetup', ['--find', '--show', join(folder, image)]).trim());
      }
      lvm('pvcreate', '-q', ...loops);
      lvm('vgcreate', '-q', '-s', '4M', group, ...loops);
      const common = ['--driverloaded', 'n', '-an', '-Zn', '-Wn', '-q'];
      lvm('lvcreate', ...common, '-l', '6', '-i', '2', '-I', '64', '-n', 'stri-ped', group);
      lvm('lvcreate', ...common, '-l', '20', '-n', 'linear', group);
      await place('linear', await makeFileSystem('linear', 80));
      await place('stri-ped', await makeFileSystem('striped', 24));
    }, 120_000);
    afterAll(() => {
      for (const loop of loops) run('losetup', ['--detach', loop]);
    });

    /** Puts a file system where LVM says that the volume lies. */
    async function place(volume: string, image: string): Promise<void> {
      const fields = 'seg_start,stripes,stripe_size,seg_size,seg_pe_ranges';
      const text = lvm(
        'lvs',
        '--noheadings',
        '--units',
        'b',
        '--nosuffix',
        '--segments',
        '-o',
        fields,
        `${group}/${volume}`,
      );
      for (const line of text.trim().split('\n')) {
        const [start = 0, stripes = 1, stripeBytes = 0, sizeBytes = 0] = line
          .trim()
          .split(/\s+/)
          .slice(0, 4)
          .map(Number);
        const columns = line
          .trim()
          .split(/\s+/)
          .slice(4)
          .map((range) => {
            const [device = '', extents = ''] = range.split(':');
            return {
              disk: images[loops.indexOf(device)] ?? '',
              at: MIB + Number(extents.split('-')[0]) * 4 * MIB,
            };
          });
        const step = stripes === 1 ? sizeBytes : stripeBytes;
        for (let at = 0; at < sizeBytes; at += step) {
          const index = at / step;
          const { disk, at: begin } = columns[index % stripes] ?? { disk: '', at: 0 };
          await copyInto(
            join(folder, disk),
            image,
            begin + Math.floor(index / stripes) * step,
            start + at,
            step,
          );
        }
      }
    }

    /** A copy of a disk, in which one character of a comment of the metadata differs where `isDamaged`. */
    async function copyWithDamage(image: string, isDamaged: boolean): Promise<string> {
      const bytes = await readFile(join(folder, image));
      const mark = '# Generated by';
      for (let at = isDamaged ? bytes.indexOf(mark) : -1; at !== -1; at = bytes.indexOf(mark, at + 1))
        bytes.write('X', at + 2);
      const copy = join(folder, `${randomUUID()}.raw`);
      await writeFile(copy, bytes);
      return copy;
    }

    it('over two disks shows linear and striped volumes by their mapper names, with their bytes', async () => {
      for (const loop of loops) run('blockdev', ['--flushbufs', loop]);
      await using session = await browse(await openRawPoint(...images.map((image) => join(folder, image))));
      const mapper = group.replaceAll('-', '--');
      expect(session.volumes.map(({ id, label }) => [id, label])).toEqual([
        [`${mapper}-stri--ped`, `${group}/stri-ped`],
        [`${mapper}-linear`, `${group}/linear`],
      ]);
      expect(await contentOf(session, `/${mapper}-linear/content`)).toEqual(CONTENT);
      expect(await contentOf(session, `/${mapper}-stri--ped/content`)).toEqual(CONTENT);
    });

    it('with a damaged copy of its metadata is read by the whole one, and the damaged one is told', async () => {
      const paths = await Promise.all(images.map((image) => copyWithDamage(image, image === 'lvm-a.raw')));
      await using session = await browse(await openRawPoint(...paths));
      expect(session.findings).toMatchObject([
        { severity: 'warning', code: 'lvm-metadata-damaged', object: 'disk-0' },
      ]);
      expect(session.volumes).toHaveLength(2);
    });

    it('whose metadata contradicts its checksums everywhere is not shown', async () => {
      const paths = await Promise.all(images.map((image) => copyWithDamage(image, true)));
      await using session = await browse(await openRawPoint(...paths));
      expect(session.volumes).toEqual([]);
      expect(session.findings.map(({ code }) => code)).toEqual([
        'lvm-metadata-damaged',
        'lvm-metadata-damaged',
        'volume-unreadable',
      ]);
    });

    it('one of whose physical volumes lies over another one uses the first only, and tells it', async () => {
      const disk = join(folder, 'over.raw');
      run('truncate', ['-s', '80M', disk]);
      run('sfdisk', ['-q', disk], 'label: dos\nstart=2049, size=131072, type=8e\n');
      await copyInto(disk, join(folder, 'lvm-a.raw'), 2049 * 512);
      await using file = await open(disk, 'r+');
      const entry = Buffer.alloc(16);
      await file.read(entry, 0, 16, 446);
      entry.writeUInt32LE(2048, 8);
      await file.write(entry, 0, 16, 446 + 16);
      await using session = await browse(await openRawPoint(disk, join(folder, 'lvm-b.raw')));
      expect(session.findings).toMatchObject([{ code: 'volume-unreadable', object: 'disk-0-p2' }]);
      expect(session.volumes).toHaveLength(2);
    });

    it('without one of its disks is told as incomplete, and nothing of it is shown', async () => {
      await using session = await browse(await openRawPoint(join(folder, 'lvm-a.raw')));
      expect(session.volumes).toEqual([]);
      expect(session.findings.map(({ code }) => code)).toEqual(['volume-unreadable', 'volume-unreadable']);
      await expect(session.find('/content')).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
    });
  },
);
