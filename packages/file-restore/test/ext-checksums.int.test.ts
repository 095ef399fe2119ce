import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkExt, fixExt, inodeAt } from './support/ext-image.ts';
import { archiveAll, writeFlipped } from './support/flipped.ts';
import { run } from './support/program.ts';
import { noise } from './support/sample-tree.ts';

const BLOCK = 1024;
/** Four of their names lie in a block: the index of their folder has a root and nodes. */
const FILES = 700;
const nameOf = (index: number): string => `${index}`.padStart(240, 'n');
const PARTS = 60;
/** 32 bits and 16 bits of checksums, and such that go on from a UUID of before. */
const KINDS = [
  ['descriptors of 64 bytes', ['-O', 'extent,dir_index,metadata_csum,64bit']],
  ['inodes of 128 bytes', ['-O', 'extent,dir_index,metadata_csum', '-I', '128']],
  ['a UUID that was changed', ['-O', 'extent,dir_index,metadata_csum,metadata_csum_seed']],
] as const;

/** Where a byte is changed, what is told of it, and whether all names are in the archive all the same. */
type Flip = readonly [string, (image: Image) => number, Partial<Finding>, boolean];
type Image = { readonly path: string; readonly bytes: Buffer };

const FLIPS: readonly Flip[] = [
  ['the superblock', () => 1024 + 0x78, told('file-system-errors', /superblock/u), true],
  ['a descriptor of a group', () => 2048 + 0x0c, told('file-system-errors', /1 more block groups/u), true],
  [
    'the inode of a file',
    ({ path }) => inodeAt(path, '/one') + 0x10,
    told('file-left-out', /inode \d+ does not/u),
    false,
  ],
  [
    'the inode of a folder',
    ({ path }) => inodeAt(path, '/many') + 0x08,
    told('file-left-out', /inode \d+ does not/u),
    false,
  ],
  [
    'a node of a map',
    (image) => extentNode(image) + 12 + 8,
    told('file-left-out', /node of an extent tree does not/u),
    false,
  ],
  [
    'names of a folder',
    (image) => folderBlock(image, isFull) + 30,
    told('directory-damaged', /^1 blocks/u),
    false,
  ],
  [
    'the root of an index',
    (image) => folderBlock(image, () => true) + 0x2c,
    told('directory-damaged', /^1 blocks/u),
    true,
  ],
  [
    'a node of an index',
    (image) => folderBlock(image, (bytes) => bytes.readUInt16LE(4) === BLOCK) + 0x10,
    told('directory-damaged', /^1 blocks/u),
    true,
  ],
];

/** Its first entry is one of a long name. */
function isFull(block: Buffer): boolean {
  return block.readUInt16LE(4) === 248;
}

function told(code: string, message: RegExp): Partial<Finding> {
  return { code, message: expect.stringMatching(message) };
}

/** The first node below the root of the map of the file that has one. */
function extentNode({ path, bytes }: Image): number {
  return bytes.readUInt32LE(inodeAt(path, '/parts') + 40 + 12 + 4) * BLOCK;
}

/** The first block of the large folder that `isWanted`; the first of all is the root of its index. */
function folderBlock({ path, bytes }: Image, isWanted: (block: Buffer) => boolean): number {
  const blocks = run('debugfs', ['-R', 'blocks /many', path]).trim().split(/\s+/u).map(Number);
  const found = blocks.find((block) => isWanted(bytes.subarray(block * BLOCK, (block + 1) * BLOCK)));
  return (found ?? 0) * BLOCK;
}

let folder = '';
let tree = '';

async function flipped({ path, bytes }: Image, at: number): Promise<string> {
  const copy = `${path}.flipped`;
  await writeFlipped(copy, bytes, at);
  return copy;
}

describeWithPeers(['ext4-tools'], 'checksums of ext4', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-ext-sums-'));
    tree = join(folder, 'tree');
    await mkdir(join(tree, 'many'), { recursive: true });
    for (let index = 0; index < FILES; index += 1) await writeFile(join(tree, 'many', nameOf(index)), '');
    await writeFile(join(tree, 'one'), noise(5000, 'one'));
    await using file = await open(join(tree, 'parts'), 'w');
    for (let index = 0; index < PARTS; index += 1)
      await file.write(noise(4096, `${index}`), 0, 4096, index * 8192);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  describe.each(KINDS)('with %s', (title, options) => {
    let image: Image;

    beforeAll(async () => {
      const path = join(folder, `${title.replaceAll(' ', '-')}.raw`);
      run('mke2fs', [
        '-q',
        '-F',
        '-t',
        'ext4',
        '-b',
        `${BLOCK}`,
        '-N',
        '2000',
        ...options,
        '-d',
        tree,
        path,
        '16M',
      ]);
      if (title.startsWith('a UUID')) run('tune2fs', ['-U', 'random', path]);
      fixExt(path, '-D');
      image = { path, bytes: await readFile(path) };
    });

    it('that are right tell nothing', async () => {
      const { findings, names } = await archiveAll(image.path);
      expect(findings).toEqual([]);
      // the begin, two files, one folder with its files, and lost+found
      expect(names).toHaveLength(FILES + 5);
      expect(checkExt(image.path)).toBe('sound');
    });

    it.each(FLIPS)('tell that %s changed, as e2fsck does', async (_, placeOf, finding, hasAllNames) => {
      const damaged = await flipped(image, placeOf(image));
      expect(checkExt(damaged)).toBe('damaged');
      const { findings, names } = await archiveAll(damaged);
      expect(findings).toMatchObject([finding]);
      expect(names.length === FILES + 5).toBe(hasAllNames);
    });

    it('of which the UUID was changed are not checked, which is told', async () => {
      const { findings, names } = await archiveAll(await flipped(image, 1024 + 0x68));
      const isStored = title.startsWith('a UUID');
      const message = isStored ? /what it says may be wrong/u : /others cannot be checked/u;
      expect(findings).toMatchObject([told('file-system-errors', message)]);
      expect(names).toHaveLength(FILES + 5);
    });
  });
});
