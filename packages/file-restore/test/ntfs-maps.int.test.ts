import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ATTRIBUTE } from '../src/ntfs/attribute.ts';
import { ROOT_RECORD } from '../src/ntfs/master-file-table.ts';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { fillNtfs, makeNtfs, NtfsBytes, runList } from './support/ntfs-image.ts';
import { openRawPoint } from './support/raw-point.ts';
import { noise } from './support/sample-tree.ts';

const FILES = 300;
const NOISE_BYTES = 100_000;
const TABLE = 0;
const UP_CASE = 10;
/** One that is kept for more attributes of the table itself. */
const SPARE = 16;
/** Clusters of the table that stay where they are: more than its first records. */
const STAYS = 10;
const END = Buffer.from('ffffffff00000000', 'hex');

let folder = '';
let whole: NtfsBytes;
let image = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-ntfs-maps-'));
  image = join(folder, 'disk.raw');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fill(root: string): Promise<void> {
  await mkdir(join(root, 'many'));
  for (let index = 0; index < FILES; index += 1)
    await writeFile(join(root, 'many', `file ${index}`), `${index}`);
  await writeFile(join(root, 'one'), noise(NOISE_BYTES, 'one'));
  await writeFile(join(root, 'two'), noise(NOISE_BYTES, 'two'));
  await using scattered = await open(join(root, 'scattered'), 'w');
  for (let index = 0; index < 500; index += 1)
    await scattered.write(noise(4096, `${index}`), 0, 4096, index * 16_384);
}

async function recordOf(path: string): Promise<number> {
  await using session = await browse(await openRawPoint(image));
  return (await session.stat(path)).node % 2 ** 32;
}

/** How taking out everything ended: what was told. */
async function findingsOf(session: BrowseSession): Promise<string[]> {
  const told: string[] = [];
  await collect(
    session.tar(await session.find('/'), 'all', ({ code, object = '' }) => told.push(`${code} ${object}`)),
  );
  return told;
}

/** Moves the end of the table to free clusters near the end of the volume; the place where it was is emptied. */
function moveTable(copy: NtfsBytes): {
  readonly clusters: number;
  readonly place: number;
  readonly free: number;
} {
  const bytes = copy.record(TABLE);
  const attribute = bytes.subarray(bytes.readUInt16LE(20));
  let at = 0;
  while (attribute.readUInt32LE(at) !== ATTRIBUTE.data) at += attribute.readUInt32LE(at + 4);
  const clusters = Number(attribute.readBigUInt64LE(at + 24)) + 1;
  const place = copy.recordAt(0) / copy.clusterBytes;
  const free = Math.floor(copy.bytes.byteLength / copy.clusterBytes) - clusters - 10;
  const [from, to] = [(place + STAYS) * copy.clusterBytes, (place + clusters) * copy.clusterBytes];
  copy.bytes.copy(copy.bytes, free * copy.clusterBytes, from, to);
  copy.bytes.fill(0, from, to);
  return { clusters, place, free };
}

/** An attribute that maps clusters of the table, with the sizes of `model`. */
function mapped(model: Buffer, first: number, end: number, runs: Buffer): Buffer {
  const attribute = Buffer.concat([model.subarray(0, 64), runs]);
  attribute.writeUInt32LE(attribute.byteLength, 4);
  attribute.writeBigUInt64LE(BigInt(first), 16);
  attribute.writeBigUInt64LE(BigInt(end - 1), 24);
  attribute.writeUInt16LE(64, 32);
  return attribute;
}

/** The attributes of a record, one by one. */
function attributesIn(bytes: Buffer): Buffer[] {
  const attributes: Buffer[] = [];
  for (
    let at = bytes.readUInt16LE(20);
    bytes.readUInt32LE(at) !== 0xffff_ffff;
    at += bytes.readUInt32LE(at + 4)
  )
    attributes.push(Buffer.from(bytes.subarray(at, at + bytes.readUInt32LE(at + 4))));
  return attributes;
}

/** A record with the head of `model` and these attributes. */
function recordWith(model: Buffer, attributes: readonly Buffer[]): Buffer {
  const from = model.readUInt16LE(20);
  const body = Buffer.concat([model.subarray(0, from), ...attributes, END]);
  const record = Buffer.concat([body, Buffer.alloc(model.byteLength - body.byteLength)]);
  record.writeUInt32LE(body.byteLength, 24);
  return record;
}

/** Puts another attribute in the place of the data of a record. */
function replaceData(copy: NtfsBytes, record: number, edit: (data: Buffer) => Buffer): void {
  const old = copy.record(record);
  const isData = (attribute: Buffer): boolean => attribute.readUInt32LE(0) === ATTRIBUTE.data;
  const attributes = attributesIn(old).map((each) => (isData(each) ? edit(each) : each));
  copy.writeRecord(record, recordWith(old, attributes));
}

/** The records that have more attributes of a file. */
function partsOf(volume: NtfsBytes, record: number): number[] {
  const records = Array.from({ length: 600 }, (_, index) => index + SPARE);
  return records.filter((each) => {
    const bytes = volume.record(each);
    return bytes.byteLength > 0 && bytes.readUInt32LE(32) === record && (bytes.readUInt16LE(22) & 1) === 1;
  });
}

/** The list of attributes, in the record itself. */
function listOf(entries: readonly (readonly [attribute: Buffer, first: number, record: number])[]): Buffer {
  const list = Buffer.alloc(24 + entries.length * 32);
  list.writeUInt32LE(ATTRIBUTE.list, 0);
  list.writeUInt32LE(list.byteLength, 4);
  list.writeUInt16LE(99, 14);
  list.writeUInt32LE(entries.length * 32, 16);
  list.writeUInt16LE(24, 20);
  for (const [index, [attribute, first, record]] of entries.entries()) {
    const entry = list.subarray(24 + index * 32);
    entry.writeUInt32LE(attribute.readUInt32LE(0), 0);
    entry.writeUInt16LE(32, 4);
    entry.writeUInt8(26, 7);
    entry.writeBigUInt64LE(BigInt(first), 8);
    entry.writeUInt32LE(record, 16);
    entry.writeUInt16LE(record === TABLE ? 1 : SPARE, 22);
    entry.writeUInt16LE(attribute.readUInt16LE(14), 24);
  }
  return list;
}

/** The runs of the table's end go into a record of their own, which lies in its begin. */
function splitTable(copy: NtfsBytes): void {
  const { clusters, place, free } = moveTable(copy);
  const old = copy.record(TABLE);
  const attributes = attributesIn(old);
  const data = attributes.find((attribute) => attribute.readUInt32LE(0) === ATTRIBUTE.data) ?? END;
  const begin = mapped(data, 0, STAYS, runList([[STAYS, place]]));
  const rest = mapped(data, STAYS, clusters, runList([[clusters - STAYS, free]]));
  const kept = attributes.map((attribute) => (attribute === data ? begin : attribute));
  const entries = kept.flatMap((attribute) =>
    attribute === begin
      ? [[begin, 0, TABLE] as const, [rest, STAYS, SPARE] as const]
      : [[attribute, 0, TABLE] as const],
  );
  copy.writeRecord(TABLE, recordWith(old, [...kept, listOf(entries)]));
  const spare = recordWith(old, [rest]);
  spare.writeUInt16LE(SPARE, 16);
  spare.writeBigUInt64LE(1n << 48n, 32);
  spare.writeUInt32LE(SPARE, 0x2c);
  copy.writeRecord(SPARE, spare);
}

describeWithPeers(['ntfs-tools', 'loop-mounts', 'fuse'], 'the maps of NTFS', () => {
  beforeAll(async () => {
    makeNtfs(image, '32M', []);
    await fillNtfs(image, fill);
    whole = new NtfsBytes(await readFile(image));
  });

  it('lead to a table that lies in two places', async () => {
    await using session = await whole.browse((copy) => {
      const { clusters, place, free } = moveTable(copy);
      const runs = runList([
        [STAYS, place],
        [clusters - STAYS, free],
      ]);
      replaceData(copy, TABLE, (data) => mapped(data, 0, clusters, runs));
    });
    expect(await findingsOf(session)).toEqual([]);
    expect(String(await contentOf(session, '/many/file 299'))).toBe('299');
  });

  it('lead to a table of which a part is told by a record that lies in the part before', async () => {
    await using session = await whole.browse(splitTable);
    expect(session.findings).toEqual([]);
    expect(await findingsOf(session)).toEqual([]);
    expect(String(await contentOf(session, '/many/file 299'))).toBe('299');
  });

  it('lead to a table that has no end when the record that tells it is damaged', async () => {
    await using session = await whole.browse((copy) => {
      splitTable(copy);
      copy.change(SPARE, (bytes) => bytes.writeUInt8(77, 32));
    });
    expect(session.volumes).toMatchObject([{ fileSystem: 'ntfs', access: null }]);
  });

  it('that name clusters of another file are told, and each file is archived once', async () => {
    const [one, two] = [await recordOf('/one'), await recordOf('/two')];
    const shared = attributesIn(whole.record(one)).find((each) => each.readUInt32LE(0) === ATTRIBUTE.data);
    await using session = await whole.browse((copy) => replaceData(copy, two, (data) => shared ?? data));
    expect(await findingsOf(session)).toEqual(['file-left-out all/two']);
  });

  it('that name clusters outside of the volume, or less than the file is long, are damage', async () => {
    const one = await recordOf('/one');
    const withSize = (bytes: Buffer, size: bigint) => {
      bytes.writeBigUInt64LE(size, 48);
      return bytes;
    };
    for (const edit of [
      (data: Buffer) => mapped(data, 0, 25, runList([[25, 9_000_000]])),
      (data: Buffer) => mapped(data, 0, 24, runList([[24, 1000]])),
      (data: Buffer) => withSize(data, 2n ** 40n),
      (data: Buffer) => withSize(data, 2n ** 60n),
    ]) {
      await using session = await whole.browse((copy) => replaceData(copy, one, edit));
      expect(await findingsOf(session)).toEqual([expect.stringMatching(/^file-left-out (all\/)?one$/u)]);
    }
  });

  it('in records of another file are damage', async () => {
    const scattered = await recordOf('/scattered');
    const last = partsOf(whole, scattered).at(-1) ?? 0;
    expect(last).toBeGreaterThan(SPARE);
    await using session = await whole.browse((copy) =>
      copy.change(last, (bytes) => bytes.writeUInt8(77, 32)),
    );
    const found = await session.find('/scattered');
    await expect(collect(session.read(found, { offset: 0, length: 500 * 16_384 }))).rejects.toMatchObject({
      code: 'CORRUPT',
    });
    const [first] = await collect(session.read(found, { offset: 0, length: 4096 }));
    expect(Buffer.from(first?.bytes ?? [])).toEqual(noise(4096, '0'));
    expect(await findingsOf(session)).toEqual(['file-left-out all/scattered']);
  });

  it('of folders that leave out a block of the tree, or have one of another folder, are told', async () => {
    const many = await recordOf('/many');
    await using without = await whole.browse((copy) =>
      copy.change(many, (bytes, attributeAt) => {
        const bits = attributeAt(ATTRIBUTE.bitmap);
        bytes.writeUInt8(0xfe, bits + bytes.readUInt16LE(bits + 20));
      }),
    );
    expect((await without.list('/many')).findings).toMatchObject([{ code: 'directory-damaged' }]);
    expect((await namesOf(without, '/many')).length).toBeGreaterThan(FILES / 4);
    const block = whole.clusterAt(many, ATTRIBUTE.indexAllocation);
    const first = block + 24 + whole.bytes.readUInt32LE(block + 24);
    await using foreign = await whole.browse(({ bytes }) => bytes.writeUInt8(7, first + 16));
    expect((await foreign.list('/many')).findings).toMatchObject([{ code: 'directory-damaged' }]);
    expect(await namesOf(foreign, '/many')).toHaveLength(FILES - 1);
    await using torn = await whole.browse(({ bytes }) => bytes.writeUInt16LE(7777, block + 510));
    expect((await torn.list('/many')).findings).toMatchObject([{ code: 'directory-damaged' }]);
    await expect(torn.find('/many/none')).rejects.toMatchObject({ code: 'CORRUPT' });
    const [left = ''] = await namesOf(torn, '/many');
    expect((await torn.find(`/many/${left}`)).stat.type).toBe('file');
    await expect(torn.find(`/many/${left.toUpperCase()}`)).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it('of letters are not needed for names that are given as they are written', async () => {
    await using session = await whole.browse((copy) =>
      copy.change(UP_CASE, (bytes) => bytes.writeUInt16LE(0, 22)),
    );
    expect(String(await contentOf(session, '/many/file 7'))).toBe('7');
    await expect(session.find('/many/FILE 7')).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it('do not lead to names that are longer than any', async () => {
    await using session = await whole.browse(() => undefined);
    for (const length of [256, 200_000])
      await expect(session.find(`/many/${'x'.repeat(length)}`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('do not lead anywhere from a root that is no folder: the volume is refused', async () => {
    await using session = await whole.browse((copy) =>
      copy.change(ROOT_RECORD, (bytes) => bytes.writeUInt16LE(1, 22)),
    );
    expect(session.volumes).toMatchObject([{ fileSystem: 'ntfs', access: null }]);
    await expect(session.find('/')).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
  });
});
