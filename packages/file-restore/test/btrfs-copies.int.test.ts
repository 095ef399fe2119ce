import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { walkTree } from '../src/paths/walk-tree.ts';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { fillBtrfs, makeBtrfs, metadataBlocks } from './support/btrfs-image.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { noise } from './support/sample-tree.ts';
import { type Facts, factsInside, factsOnDisk } from './support/tree-facts.ts';

const NODE_BYTES = 16_384;
const SUPERBLOCK = 65_536;
const FILES = 300;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-btrfs-copies-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Makes and fills a file system over some devices; what the kernel shows of it. */
async function make(
  images: readonly string[],
  size: string,
  options: readonly string[],
): Promise<Map<string, Facts>> {
  let wanted = new Map<string, Facts>();
  makeBtrfs(images, size, options);
  await fillBtrfs(images, async (mount) => {
    for (let index = 0; index < FILES; index += 1)
      await writeFile(join(mount, `file ${index}`), noise(index * 7, `${index}`));
    await writeFile(join(mount, 'large'), noise(3_000_000, 'large'));
    run('sync', ['--file-system', mount]);
    wanted = await factsOnDisk(mount);
  });
  return wanted;
}

async function expectWhole(session: BrowseSession, wanted: ReadonlyMap<string, Facts>): Promise<void> {
  const { reader, stat } = await session.find('/');
  const seen = await factsInside(reader, stat, () => undefined as never);
  for (const [path, file] of wanted) expect(seen.get(path), path).toEqual(file);
  expect([...seen.keys()].sort()).toEqual([...wanted.keys()].sort());
}

/** Overwrites the first bytes of a part of an image. */
async function damage(image: string, places: (whole: Buffer) => readonly number[]): Promise<number> {
  const whole = await readFile(image);
  const found = places(whole);
  for (const at of found) whole.fill(0xa5, at + 200, at + 260);
  await writeFile(image, whole);
  return found.length;
}

describeWithPeers(['btrfs-tools', 'loop-mounts'], 'copies of btrfs', () => {
  it('of metadata stand in for one another where the first of each is damaged, which is told', async () => {
    const image = join(folder, 'dup.raw');
    const wanted = await make([image], '256M', ['-m', 'dup']);
    const count = await damage(image, (whole) => {
      const blocks = metadataBlocks(whole, NODE_BYTES);
      // the first of those that lie in two places
      return blocks
        .filter(({ at, logical }) => blocks.some((other) => other.logical === logical && other.at > at))
        .map(({ at }) => at);
    });
    expect(count).toBeGreaterThan(5);
    await using session = await browse(await openRawPoint(image));
    expect(session.findings).toMatchObject([{ severity: 'warning', code: 'file-system-errors' }]);
    const { findings } = await session.list('/');
    expect(findings.map(({ code }) => code)).toEqual(['file-system-errors']);
    await expectWhole(session, wanted);
  });

  it('of metadata that are damaged both cost what they held, which is told, and no more', async () => {
    const image = join(folder, 'both.raw');
    await make([image], '256M', ['-m', 'dup']);
    const dump = run('btrfs', ['inspect-internal', 'dump-tree', '-t', '5', image]);
    const leaves = [...dump.matchAll(/^leaf (\d+) items/gmu)].map(([, logical]) => Number(logical));
    const [lost] = leaves.slice(-2);
    await damage(image, (whole) =>
      metadataBlocks(whole, NODE_BYTES)
        .filter(({ logical }) => logical === lost)
        .map(({ at }) => at),
    );
    await using session = await browse(await openRawPoint(image));
    const { reader, stat } = await session.find('/');
    const told: string[] = [];
    const seen = await collect(walkTree(reader, stat, ({ message }) => told.push(message)));
    expect(told.length).toBeGreaterThan(0);
    expect(told.join(' ')).toContain(`metadata of btrfs at ${lost} does not have its checksum`);
    expect(seen.length).toBeGreaterThan(FILES / 4);
    expect(seen.length).toBeLessThan(FILES + 2);
  });

  it('of a superblock count by their generation, and a damaged one is told', async () => {
    const image = join(folder, 'superblock.raw');
    const wanted = await make([image], '256M', []);
    await damage(image, () => [SUPERBLOCK]);
    await using session = await browse(await openRawPoint(image));
    expect(session.findings).toMatchObject([{ code: 'file-system-errors' }]);
    expect(session.findings[0]?.message).toContain('superblock 0 is damaged');
    await expectWhole(session, wanted);
    const whole = await readFile(image);
    await writeFile(image, whole.fill(0, SUPERBLOCK, SUPERBLOCK + 4096));
    await using again = await browse(await openRawPoint(image));
    await expectWhole(again, wanted);
  });

  it('of a superblock that are older are not used, also where they are the first', async () => {
    const image = join(folder, 'older.raw');
    makeBtrfs([image], '256M', []);
    const older = (await readFile(image)).subarray(SUPERBLOCK, SUPERBLOCK + 4096);
    await fillBtrfs([image], (mount) => writeFile(join(mount, 'later'), 'later'));
    const whole = await readFile(image);
    whole.set(older, SUPERBLOCK);
    await writeFile(image, whole);
    await using session = await browse(await openRawPoint(image));
    expect(String(await contentOf(session, '/later'))).toBe('later');
  });

  it('of a superblock lie up to 256 GiB from the begin', async () => {
    const image = join(folder, 'far.raw');
    makeBtrfs([image], '257G', ['-L', 'far']);
    for (const at of [SUPERBLOCK, 64 * 2 ** 20]) {
      await using file = await open(image, 'r+');
      await file.write(Buffer.alloc(16, 0xa5), 0, 16, at + 200);
    }
    await using session = await browse(await openRawPoint(image));
    expect(session.volumes).toMatchObject([{ fileSystem: 'btrfs', fileSystemLabel: 'far' }]);
    expect(session.findings).toHaveLength(2);
  });

  it('of data that are not there leave what is damaged an error, never wrong bytes', async () => {
    const image = join(folder, 'data.raw');
    await make([image], '256M', []);
    const large = noise(3_000_000, 'large');
    await damage(image, (whole) => [whole.indexOf(large.subarray(1_003_520, 1_003_620))]);
    await using session = await browse(await openRawPoint(image));
    expect(session.findings).toEqual([]);
    await expect(contentOf(session, '/large')).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining('do not have their checksum'),
    });
    expect(await contentOf(session, '/file 299')).toEqual(noise(299 * 7, '299'));
  });
});

describeWithPeers(['btrfs-tools', 'loop-mounts'], 'a btrfs file system over several disks', () => {
  it.each([
    ['RAID1', 2, 'raid1'],
    ['RAID1 of three', 3, 'raid1c3'],
    ['RAID1 of four', 4, 'raid1c4'],
    ['RAID10', 4, 'raid10'],
    ['RAID0', 3, 'raid0'],
    ['one copy', 2, 'single'],
  ])('by %s is shown once, with every file', async (title, count, profile) => {
    const images = Array.from({ length: count }, (_, index) => join(folder, `${title}-${index}.raw`));
    const wanted = await make(images, '256M', ['-d', profile, '-m', profile]);
    await using session = await browse(await openRawPoint(...images));
    expect(session.volumes.map(({ access }) => access)).toEqual([
      'in-process',
      ...images.slice(1).map(() => null),
    ]);
    expect(session.findings.map(({ message }) => message)).toEqual(
      images.slice(1).map(() => expect.stringContaining('which is shown at volume disk-0')),
    );
    await expectWhole(session, wanted);
  });

  it('by RAID1 is read from the disk that is sound, and from the one that is there', async () => {
    const images = ['left.raw', 'right.raw'].map((name) => join(folder, name)) as [string, string];
    const wanted = await make(images, '256M', ['-d', 'raid1', '-m', 'raid1']);
    const large = noise(3_000_000, 'large');
    const part = (at: number) => (whole: Buffer) => [whole.indexOf(large.subarray(at, at + 100))];
    await damage(images[0], part(1_003_520));
    await damage(images[1], part(1_044_480));
    await using session = await browse(await openRawPoint(...images));
    await expectWhole(session, wanted);
    await using alone = await browse(await openRawPoint(images[1]));
    expect(alone.findings).toMatchObject([{ code: 'file-system-errors' }]);
    expect(alone.findings[0]?.message).toContain('1 of its 2 devices');
    expect(await namesOf(alone, '/')).toHaveLength(wanted.size);
    expect(await contentOf(alone, '/file 299')).toEqual(noise(299 * 7, '299'));
  });

  it('by RAID5 is refused by name', async () => {
    const images = [0, 1, 2].map((index) => join(folder, `raid5-${index}.raw`));
    makeBtrfs(images, '256M', ['-d', 'raid5', '-m', 'raid5']);
    await using session = await browse(await openRawPoint(...images));
    expect(session.findings[0]?.message).toContain('RAID5 or RAID6, which is not read');
    expect(session.volumes[0]).toMatchObject({ fileSystem: 'btrfs', access: null });
  });
});
