import { mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browse } from './support/browse.ts';
import { archiveAll, writeFlipped } from './support/flipped.ts';
import { openRawPoint } from './support/raw-point.ts';
import { noise } from './support/sample-tree.ts';
import { checkXfs, fillXfs, longTarget, makeXfs } from './support/xfs-image.ts';

const BLOCK = 1024;
/** Names that fit into an inode, into one block, and into many. */
const FOLDERS = { tiny: 2, few: 10, many: 100 } as const;
const nameOf = (index: number): string => `${index}`.padStart(40, 'n');
/** The begin and its folders, what they hold, a file and a link. */
const NAMES = 1 + 3 + 112 + 2;
/** Where blocks of each kind say to which inode they belong. */
const OWNER_AT = { XDB3: 40, XDD3: 40, BMA3: 56, XSLM: 32 } as const;

let folder = '';
let image = '';
let bytes = Buffer.alloc(0);

type Told = { readonly code: string; readonly message: string };

function told(code: Finding['code'], message: string): Told {
  return { code, message: expect.stringContaining(message) };
}

const SUPERBLOCK = ['file-system-errors', 'superblock'] as const;
const INODE = ['file-left-out', 'does not have its checksum'] as const;
const FOLDER = ['directory-damaged', '1 blocks'] as const;

/** Where a byte is changed, what is told of it, and how many names are missing in the archive. */
const FLIPS = [
  ['the superblock', async () => 0x6c, SUPERBLOCK, 0],
  ['the UUID in the superblock', async () => 0x20, SUPERBLOCK, 0],
  ['the inode of a file', async () => (await inodeAt('/scattered')) + 0x2b, INODE, 1],
  ['the inode of a folder', async () => (await inodeAt('/few')) + 0x2b, INODE, FOLDERS.few + 1],
  ['a name in an inode', async () => (await inodeAt('/tiny')) + 176 + 20, INODE, FOLDERS.tiny + 1],
  ['a name in a folder of one block', async () => (await blockAt('XDB3', '/few')) + 130, FOLDER, FOLDERS.few],
  [
    'a name in a folder of many blocks',
    async () => (await blockAt('XDD3', '/many')) + 130,
    FOLDER,
    undefined,
  ],
  [
    'a node of a map',
    async () => (await blockAt('BMA3', '/scattered')) + 72 + 13,
    ['file-left-out', 'a node of a tree of extents does not have its checksum'],
    1,
  ],
  [
    'the text of a link',
    async () => (await blockAt('XSLM', '/link')) + 100,
    ['file-left-out', 'a block of a symbolic link does not have its checksum'],
    1,
  ],
] as const;

async function nodeOf(path: string): Promise<bigint> {
  await using session = await browse(await openRawPoint(image));
  return BigInt((await session.stat(path)).node);
}

async function inodeAt(path: string): Promise<number> {
  return placeOf('IN', 0x98, await nodeOf(path));
}

async function blockAt(magic: keyof typeof OWNER_AT, path: string): Promise<number> {
  return placeOf(magic, OWNER_AT[magic], await nodeOf(path));
}

/** Where a structure lies that begins with a mark and belongs to an inode. */
function placeOf(mark: string, ownerAt: number, owner: bigint): number {
  for (let at = 0; at < bytes.byteLength; at += 512)
    if (
      bytes.toString('latin1', at, at + mark.length) === mark &&
      bytes.readBigUInt64BE(at + ownerAt) === owner
    )
      return at;
  throw new Error(`inode ${owner} has no ${mark}`);
}

async function fill(root: string): Promise<void> {
  for (const [name, count] of Object.entries(FOLDERS)) {
    await mkdir(join(root, name));
    for (let index = 0; index < count; index += 1) await writeFile(join(root, name, nameOf(index)), '');
  }
  await symlink(longTarget(), join(root, 'link'));
  await using file = await open(join(root, 'scattered'), 'w');
  for (let index = 0; index < 200; index += 1)
    await file.write(noise(BLOCK, `${index}`), 0, BLOCK, index * 2 * BLOCK);
}

describeWithPeers(['xfs-tools', 'loop-mounts'], 'checksums of XFS', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-xfs-sums-'));
    image = join(folder, 'disk.raw');
    makeXfs(image, '64M', ['-b', `size=${BLOCK}`, '-d', 'agcount=4']);
    await fillXfs(image, fill);
    bytes = await readFile(image);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('that are right tell nothing', async () => {
    const { findings, names } = await archiveAll(image);
    expect(findings).toEqual([]);
    expect(names).toHaveLength(NAMES);
    expect(checkXfs(image)).toBe('sound');
  });

  it.each(FLIPS)('tell that %s changed, as xfs_repair does', async (_, place, [code, message], missing) => {
    const damaged = join(folder, 'flipped.raw');
    await writeFlipped(damaged, bytes, await place());
    expect(checkXfs(damaged)).toBe('damaged');
    const { findings, names } = await archiveAll(damaged);
    expect(findings).toMatchObject([told(code, message)]);
    if (missing === undefined) expect(names.length).toBeLessThan(NAMES);
    else expect(NAMES - names.length).toBe(missing);
  });
});
