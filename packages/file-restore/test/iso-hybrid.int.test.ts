import { copyFile, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browse, contentOf } from './support/browse.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';

const TYPE_AT = 446 + 4;
const MIB = 2 ** 20;

let folder = '';
let disc = '';
let fat = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-iso-hybrid-'));
  [disc, fat] = [join(folder, 'disc.iso'), join(folder, 'efi.fat')];
  await mkdir(join(folder, 'tree'));
  await writeFile(join(folder, 'tree', 'file'), 'of the disc');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A disc of 4 MiB that sfdisk divides. */
async function divided(name: string, script: readonly string[]): Promise<string> {
  const image = join(folder, name);
  await copyFile(disc, image);
  run('truncate', ['-s', `${4 * MIB}`, image]);
  run('sfdisk', ['-q', '--wipe', 'never', image], script.join('\n'));
  return image;
}

/** What volumes there are, and what each holds. */
async function volumesOf(image: string): Promise<(readonly [string, string | null])[]> {
  await using session = await browse(await openRawPoint(image));
  return session.volumes.map(({ id, fileSystem }) => [id, fileSystem]);
}

describeWithPeers(['iso-tools', 'fat-tools', 'partition-tools'], 'a disc that is a disk as well', () => {
  beforeAll(() => {
    run('truncate', ['-s', `${MIB}`, fat]);
    run('mkfs.fat', [fat]);
    run('genisoimage', ['-quiet', '-R', '-o', disc, join(folder, 'tree')]);
  });

  it.each([
    ['a boot record', ['label: dos', 'start=64, size=2000, type=17']],
    ['a GUID partition table', ['label: gpt', 'first-lba: 34', 'start=64, size=2000']],
  ])(
    'with %s whose partition covers its begin is read as a whole, and by partitions',
    async (name, script) => {
      const image = await divided(`${name}.raw`, script);
      expect(await volumesOf(image)).toEqual([
        ['disk-0', 'iso9660'],
        ['disk-0-p1', null],
      ]);
      await using session = await browse(await openRawPoint(image));
      expect(String(await contentOf(session, '/file'))).toBe('of the disc');
      expect(String(await contentOf(session, '/disk-0/file'))).toBe('of the disc');
    },
  );

  it('whose first entry has type 0, as Debian makes them, is read as a whole', async () => {
    const script = ['label: dos', 'start=64, size=2000, type=17', 'start=2064, size=2000, type=ef'];
    const image = await divided('debian.raw', script);
    await using file = await open(image, 'r+');
    await file.write(Buffer.of(0), 0, 1, TYPE_AT);
    expect(await volumesOf(image)).toEqual([
      ['disk-0', 'iso9660'],
      ['disk-0-p2', null],
    ]);
  });

  it('that was divided anew is not: what is left of it is nothing', async () => {
    const image = await divided('anew.raw', ['label: dos', 'start=2048, size=2048, type=c']);
    run('dd', [`if=${fat}`, `of=${image}`, 'bs=1M', 'seek=1', 'conv=notrunc', 'status=none']);
    expect(await volumesOf(image)).toEqual([['disk-0-p1', 'fat12']]);
  });

  it.each([
    [
      'appended as a partition of a boot record, and itself the other',
      ['-partition_offset', '16'],
      [
        ['disk-0-p1', 'iso9660'],
        ['disk-0-p2', 'fat12'],
      ],
    ],
    [
      'appended as a partition of a GUID partition table',
      ['-appended_part_as_gpt'],
      [
        ['disk-0', 'iso9660'],
        ['disk-0-p1', null],
        ['disk-0-p2', 'fat12'],
        ['disk-0-p3', null],
      ],
    ],
  ])('by xorriso with a FAT that is %s shows both', async (_, options, volumes) => {
    const image = join(folder, `${options[0] ?? ''}.iso`);
    const appended = ['-append_partition', '2', '0xef', fat];
    run('xorriso', [
      '-as',
      'mkisofs',
      '-quiet',
      '-R',
      '-o',
      image,
      ...options,
      ...appended,
      join(folder, 'tree'),
    ]);
    expect(await volumesOf(image)).toEqual(volumes);
    await using session = await browse(await openRawPoint(image));
    expect(String(await contentOf(session, '/file'))).toBe('of the disc');
  });

  it('whose first partition begins at sector 0 is a disc only', async () => {
    const image = join(folder, 'from-0.iso');
    const appended = ['-append_partition', '2', '0xef', fat];
    run('xorriso', ['-as', 'mkisofs', '-quiet', '-R', '-o', image, ...appended, join(folder, 'tree')]);
    expect(await volumesOf(image)).toEqual([['disk-0', 'iso9660']]);
  });
});
