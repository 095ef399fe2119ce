import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { checkExfat, ExfatBytes, makeExfat, mountExfat } from './support/exfat-image.ts';
import { openRawPoint } from './support/raw-point.ts';
import { noise } from './support/sample-tree.ts';

const CLUSTER = 4096;
const FILE_BYTES = 3 * CLUSTER - 100;
const LARGE_BYTES = 5 * 2 ** 30 + 12_345;
/** So much of the large disk holds all its structures. */
const HEAD_BYTES = 16 * 2 ** 20;
const NO_FAT_CHAIN = 2;
const NAMES = Array.from({ length: 60 }, (_, index) => `name ${index}`);
/** Of the entry behind that of the file: flags, valid length, first cluster, length. */
const STREAM = { flags: 33, valid: 40, first: 52, length: 56 };

let folder = '';
let whole: ExfatBytes;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-exfat-structures-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fill(root: string): Promise<void> {
  await mkdir(join(root, 'many'));
  await writeFile(join(root, 'ONE'), noise(FILE_BYTES, 'one'));
  for (const name of NAMES) await writeFile(join(root, 'many', name), name);
  await writeFile(join(root, 'TWO'), noise(FILE_BYTES, 'two'));
}

async function codesOf(change: (copy: ExfatBytes) => void): Promise<string[]> {
  await using session = await whole.browse(change);
  return session.findings.map(({ code }) => code);
}

/** Lets a file be a chain in the table instead of clusters that lie together. */
function chain(copy: ExfatBytes, name: string, clusters: readonly number[]): void {
  copy.change(name, (set) => {
    set.writeUInt8(1, STREAM.flags);
    set.writeUInt32LE(clusters[0] ?? 0, STREAM.first);
  });
  for (const [index, cluster] of clusters.entries()) copy.link(cluster, clusters[index + 1] ?? 0xffff_ffff);
}

/** Codes of what is told of an archive of all. */
async function archive(session: BrowseSession): Promise<string[]> {
  const codes: string[] = [];
  await collect(session.tar(await session.find('/'), 'all', ({ code }) => codes.push(code)));
  return codes;
}

describeWithPeers(['exfat-tools', 'loop-mounts', 'fuse'], 'an exFAT file system', () => {
  beforeAll(async () => {
    const image = join(folder, 'disk.raw');
    await makeExfat(image, '8M', ['-c', `${CLUSTER}`]);
    await mountExfat(image, fill);
    checkExfat(image);
    whole = new ExfatBytes(await readFile(image));
  });

  it('with a file of 5 GiB of which less was written gives zeros behind that, whatever the disk holds there', async () => {
    const image = join(folder, 'large.raw');
    await makeExfat(image, '6G', ['-c', '128K']);
    await mountExfat(image, (mount) => writeFile(join(mount, 'large'), noise(3_000_000, 'large')));
    const large = new ExfatBytes(Buffer.alloc(HEAD_BYTES));
    await using file = await open(image, 'r+');
    await file.read(large.bytes, 0, HEAD_BYTES, 0);
    large.change('large', (set) => {
      set.writeUInt8(1 | NO_FAT_CHAIN, STREAM.flags);
      set.writeBigUInt64LE(1_000_003n, STREAM.valid);
      set.writeBigUInt64LE(BigInt(LARGE_BYTES), STREAM.length);
    });
    large.allocate(large.firstCluster('large'), Math.ceil(LARGE_BYTES / large.clusterBytes));
    await file.write(large.bytes, 0, HEAD_BYTES, 0);
    expect(checkExfat(image)).toEqual({ folders: 1, files: 1 });
    await using session = await browse(await openRawPoint(image));
    const { reader, stat } = await session.find('/large');
    expect(stat.sizeBytes).toBe(LARGE_BYTES);
    expect(await collect(reader.extents(stat.node, { offset: 1_000_000, length: LARGE_BYTES }))).toEqual([
      { offset: 1_000_000, length: 3, kind: 'data' },
      { offset: 1_000_003, length: LARGE_BYTES - 1_000_003, kind: 'zero' },
    ]);
    const pieces = await collect(reader.read(stat.node, { offset: 0, length: LARGE_BYTES }));
    expect(Buffer.concat(pieces.map(({ bytes }) => bytes))).toEqual(noise(1_000_003, 'large'));
    expect(await collect(reader.read(stat.node, { offset: 2_000_000, length: 10 }))).toEqual([]);
  });

  it('keeps times to 10 ms with the zone of the machine, and which files are read-only', async () => {
    await using session = await whole.browse((copy) =>
      copy.change('ONE', (set) => {
        set.writeUInt16LE(0x21, 4);
        set.writeUInt32LE((41 << 25) | (5 << 21) | (6 << 16) | (7 << 11) | (8 << 5) | 4, 12);
        set.writeUInt8(123, 21);
        // five hours and three quarters east: the zone of Nepal
        set.writeUInt8(0x80 | 23, 23);
      }),
    );
    const mtimeNs = BigInt(Date.UTC(2021, 4, 6, 7 - 5, 8 - 45, 9, 230)) * 1_000_000n;
    expect((await session.find('/ONE')).stat).toMatchObject({ mode: 0o444, mtimeNs });
  });

  it('that was in use, or whose medium failed, tells so', async () => {
    expect(await codesOf(() => undefined)).toEqual([]);
    expect(await codesOf(({ bytes }) => bytes.writeUInt16LE(2, 106))).toEqual(['file-system-in-use']);
    expect(await codesOf(({ bytes }) => bytes.writeUInt16LE(4, 106))).toEqual(['file-system-errors']);
  });

  it.each([
    ['the name', 3],
    ['the width of sectors', 108],
    ['the first cluster of the root', 96],
    ['a sector of code', 3000],
    ['the checksum', 11 * 512 + 40],
  ])('whose boot region has damage in %s is read by its copy, which is told', async (_, at) => {
    await using session = await whole.browse(({ bytes }) => bytes.writeUInt8(bytes.readUInt8(at) ^ 0x55, at));
    expect(session.findings).toMatchObject([{ code: 'boot-sector-damaged' }]);
    expect(await contentOf(session, '/TWO')).toEqual(noise(FILE_BYTES, 'two'));
  });

  it('whose boot region and its copy are damaged is refused', async () => {
    await using session = await whole.browse(({ bytes }) =>
      bytes.fill(1, 200, 210).fill(1, 6144 + 200, 6144 + 210),
    );
    expect(session.findings).toMatchObject([{ code: 'volume-unreadable' }]);
  });

  it.each([
    ['more clusters than it has room for', 92, 0x00ff_ffff],
    ['a table that is too short', 84, 1],
    ['a root outside', 96, 0x00ff_ffff],
    ['a heap inside of the table', 88, 24],
    ['another revision', 104, 0x0200],
  ])('with %s is refused', async (_, at, value) => {
    await using session = await whole.browse((copy) => {
      copy.bytes.writeUInt32LE(value, at);
      copy.sealBoot();
    });
    expect(session.volumes).toMatchObject([{ access: null }]);
  });

  it('with two tables is read by the one that is active', async () => {
    const clusters = [1500, 1200, 1300];
    const twoTables = (active: number) => (copy: ExfatBytes) => {
      for (const [index, cluster] of clusters.entries())
        noise(FILE_BYTES, 'two')
          .subarray(index * CLUSTER)
          .copy(copy.bytes, copy.clusterAt(cluster), 0, CLUSTER);
      const second = copy.fatAt + copy.fatBytes;
      copy.bytes.copyWithin(second, copy.fatAt, second);
      chain(copy, 'TWO', clusters);
      const [newer, older] = [
        copy.bytes.subarray(copy.fatAt, second),
        Buffer.from(copy.bytes.subarray(second, second + copy.fatBytes)),
      ];
      newer.copy(copy.bytes, second);
      older.copy(copy.bytes, copy.fatAt);
      copy.bytes.writeUInt8(2, 110);
      copy.bytes.writeUInt16LE(active, 106);
      copy.sealBoot();
    };
    await using second = await whole.browse(twoTables(1));
    expect(await contentOf(second, '/TWO')).toEqual(noise(FILE_BYTES, 'two'));
    await using first = await whole.browse(twoTables(0));
    await expect(contentOf(first, '/TWO')).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it('with a damaged set leaves it out, tells it, and lists the rest', async () => {
    await using session = await whole.browse((copy) => {
      copy.bytes[copy.setAt('name 7') + 70] = 0x41;
    });
    const { entries, findings } = await session.list('/many');
    expect(entries.map(({ name }) => name)).toEqual(NAMES.filter((name) => name !== 'name 7'));
    expect(findings).toMatchObject([{ severity: 'error', code: 'directory-damaged' }]);
    await expect(session.find('/many/name 7')).rejects.toMatchObject({ code: 'CORRUPT' });
    expect((await session.find('/many/name 8')).stat.sizeBytes).toBe(6);
    expect(await archive(session)).toEqual(['directory-damaged']);
  });

  it.each([
    [
      'a set that counts more entries than it has',
      (copy: ExfatBytes) => void copy.bytes.writeUInt8(9, copy.setAt('name 7') + 1),
    ],
    [
      'a set without its first entry',
      (copy: ExfatBytes) => void copy.bytes.writeUInt8(5, copy.setAt('name 7')),
    ],
    [
      'an entry of a kind that must be known',
      (copy: ExfatBytes) => void copy.bytes.writeUInt8(0x9f, copy.setAt('name 7')),
    ],
    [
      'a name that leads elsewhere',
      (copy: ExfatBytes) => copy.change('name 7', (set) => void set.write('/', 68, 'utf16le')),
    ],
    [
      'a name without its entries',
      (copy: ExfatBytes) => copy.change('name 7', (set) => void set.writeUInt8(40, 35)),
    ],
  ])('with %s lists all other names', async (_, change) => {
    await using session = await whole.browse(change);
    const { entries, findings } = await session.list('/many');
    expect(entries.map(({ name }) => name)).toEqual(NAMES.filter((name) => name !== 'name 7'));
    expect(findings).toMatchObject([{ code: 'directory-damaged' }]);
    expect(await namesOf(session, '/many', 3)).toEqual(entries.map(({ name }) => name));
  });

  it('whose folder ends before its names do tells that', async () => {
    await using session = await whole.browse((copy) => void copy.bytes.writeUInt8(0, copy.setAt('name 7')));
    const { entries, findings } = await session.list('/many');
    expect(entries).toHaveLength(7);
    expect(findings).toMatchObject([{ code: 'directory-damaged' }]);
    await expect(session.find('/many/name 9')).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it('whose folder ends in one place before its names in another do tells that', async () => {
    await using session = await whole.browse((copy) => {
      const [first, second] = [copy.firstCluster('many'), 1500];
      const inLast = copy.setAt('name 59');
      const last = inLast - ((inLast - copy.clusterAt(first)) % CLUSTER);
      copy.bytes.copy(copy.bytes, copy.clusterAt(second), last, last + CLUSTER);
      copy.bytes.fill(0xee, last, last + CLUSTER);
      chain(copy, 'many', [first, second]);
      copy.bytes.fill(0, copy.setAt('name 7'), copy.clusterAt(first) + CLUSTER);
    });
    const { entries, findings } = await session.list('/many');
    expect(entries.map(({ name }) => name)).toEqual(NAMES.slice(0, 7));
    expect(findings).toMatchObject([{ code: 'directory-damaged' }]);
    expect((await session.list('/many', { limit: 7 })).next).toBeDefined();
    await expect(session.find('/many/name 59')).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it('passes over what is deleted, and over entries that it need not know', async () => {
    await using session = await whole.browse((copy) => {
      for (const [name, type] of [
        ['name 7', 0x05],
        ['name 9', 0xa5],
      ] as const) {
        const at = copy.setAt(name);
        copy.bytes.writeUInt8(type, at);
        for (const entry of [at + 32, at + 64])
          if (type === 0x05) copy.bytes.writeUInt8(copy.bytes.readUInt8(entry) & 0x7f, entry);
      }
    });
    const { entries, findings } = await session.list('/many');
    expect(entries.map(({ name }) => name)).toEqual(
      NAMES.filter((name) => !['name 7', 'name 9'].includes(name)),
    );
    expect(findings).toEqual([]);
  });

  it.each([
    ['goes round', [1500, 1200, 1500]],
    ['ends early', [1500, 1200]],
    ['leads outside', [1500, 1200, 0x00ff_ffff]],
    ['meets a bad cluster', [1500, 1200, 0xffff_fff7]],
  ])('whose file has a chain that %s gives no bytes for it', async (_, clusters) => {
    await using session = await whole.browse((copy) => {
      chain(copy, 'ONE', clusters.slice(0, 2));
      if (clusters[2] !== undefined) copy.link(1200, clusters[2]);
    });
    await expect(contentOf(session, '/ONE')).rejects.toMatchObject({ code: 'CORRUPT' });
    expect(await contentOf(session, '/TWO')).toEqual(noise(FILE_BYTES, 'two'));
  });

  it.each([
    ['clusters outside of the volume', STREAM.first, 0x00ff_ffffn],
    ['a size beyond the volume', STREAM.length, 2n ** 40n],
    ['a size beyond all numbers', STREAM.length, 2n ** 64n - 1n],
    ['more written than it is long', STREAM.valid, 2n ** 20n],
  ])('with a file that has %s refuses that file', async (_, at, value) => {
    await using session = await whole.browse((copy) =>
      copy.change('ONE', (set) => {
        set.writeUInt8(1 | NO_FAT_CHAIN, STREAM.flags);
        if (at === STREAM.first) set.writeUInt32LE(Number(value), at);
        else set.writeBigUInt64LE(value, at);
      }),
    );
    await expect(contentOf(session, '/ONE')).rejects.toMatchObject({ code: 'CORRUPT' });
    const { reader } = await session.find('/');
    const { node = 0 } = (await reader.lookup(reader.root, 'ONE')) ?? {};
    await expect(collect(reader.extents(node, { offset: 0, length: 1 }))).rejects.toMatchObject({
      code: 'CORRUPT',
    });
    expect((await namesOf(session, '/')).sort()).toEqual(['ONE', 'TWO', 'many']);
  });

  it('whose folder has a chain that goes round lists each name once, and tells it', async () => {
    await using session = await whole.browse((copy) => {
      const first = copy.firstCluster('many');
      chain(copy, 'many', [first]);
      copy.link(first, first);
    });
    const { entries, findings } = await session.list('/many');
    const names = entries.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(20);
    expect(new Set(names).size).toBe(names.length);
    expect(findings.some(({ message }) => message.includes('goes round'))).toBe(true);
  });

  it('with two files of the same clusters archives one of them, and tells the other', async () => {
    await using session = await whole.browse((copy) => {
      const first = copy.firstCluster('ONE');
      copy.change('TWO', (set) => void set.writeUInt32LE(first + 1, STREAM.first));
    });
    expect(await archive(session)).toEqual(['file-left-out']);
  });

  it('with a folder that lies in itself enters it once', async () => {
    await using session = await whole.browse((copy) => {
      const first = copy.firstCluster('many');
      copy.change('name 7', (set) => {
        set.writeUInt16LE(0x10, 4);
        set.writeUInt32LE(first, STREAM.first);
        set.writeBigUInt64LE(BigInt(CLUSTER), STREAM.length);
      });
    });
    expect(await archive(session)).toEqual(['file-left-out']);
  });

  it('refuses places that no page gave, and files that are asked for names', async () => {
    await using session = await whole.browse(() => undefined);
    for (const from of ['', 'x', '-32', '33', `${2 ** 40}`])
      await expect(session.list('/many', { from, limit: 10 })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
    const { reader, stat } = await session.find('/ONE');
    await expect(reader.list(stat.node, { limit: 10 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(reader.readLink(stat.node)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(collect(reader.read(reader.root, { offset: 0, length: 1 }))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('has no name that is longer than any', async () => {
    await using session = await whole.browse(() => undefined);
    for (const length of [256, 200_000])
      await expect(session.find(`/many/${'x'.repeat(length)}`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('whose table of letters is damaged tells it, and finds names as they are written only', async () => {
    await using session = await whole.browse((copy) => {
      const entry = copy.rootEntryAt(0x82);
      const at = copy.clusterAt(copy.bytes.readUInt32LE(entry + 20)) + 300;
      copy.bytes.writeUInt8(copy.bytes.readUInt8(at) ^ 1, at);
    });
    expect(session.findings).toMatchObject([{ code: 'up-case-damaged' }]);
    expect((await session.find('/ONE')).stat.sizeBytes).toBe(FILE_BYTES);
    await expect(session.find('/one')).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});
