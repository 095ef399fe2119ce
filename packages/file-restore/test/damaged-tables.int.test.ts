import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { SendenseError } from '@sendense/core';
import { createMemoryDisk, DiskContent, seededRandom } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { browse, contentOf } from './support/browse.ts';
import { mutate, type Place } from './support/damage.ts';
import { run } from './support/program.ts';
import { pointOf } from './support/raw-point.ts';

const SECTOR = 512;
const DISK_BYTES = 2 * 2 ** 20;
const ROUNDS = 300;
/** The bytes of a header of a GPT that its checksum covers, and those of its table of entries. */
const HEADER_BYTES = 92;
const TABLE_BYTES = 128 * 128;
const LAST_SECTOR = DISK_BYTES / SECTOR - 1;
/** What the checksums of a GPT cover at the begin of the disk, and at its end. */
const FIRST: readonly Place[] = [
  [SECTOR, HEADER_BYTES],
  [2 * SECTOR, TABLE_BYTES],
];
const COPY: readonly Place[] = [
  [LAST_SECTOR * SECTOR, HEADER_BYTES],
  [LAST_SECTOR * SECTOR - TABLE_BYTES, TABLE_BYTES],
];
/** Headers and their first entries: where a table says something. */
const SAID: readonly Place[] = [...FIRST, ...COPY].map(([at, length]) => [at, Math.min(length, 384)]);
/** The entries of a boot record and its signature. */
const RECORD_AT = 446;
const RECORD_BYTES = 66;
const ENTRY_BYTES = 128;
/** So many partitions a GPT of 1 MiB has; a boot record with a chain has fewer. */
const MOST_VOLUMES = 8192;

const PARTS = [256, 1024, 1792, 2560] as const;
const GPT = ['label: gpt', 'first-lba: 34', ...PARTS.map((start) => `start=${start}, size=512`)];
const MBR = [
  'label: dos',
  'start=256, size=512, type=83',
  'start=960, size=3000, type=5',
  'start=1024, size=512, type=83',
  'start=1792, size=512, type=83',
  'start=2560, size=512, type=83',
];

let folder = '';
let gpt: Buffer;
let mbr: Buffer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-damaged-tables-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A disk that sfdisk divided, with a small file system of ext in each part; the file `who` tells which. */
async function makeDisk(name: string, script: readonly string[]): Promise<Buffer> {
  const disk = join(folder, name);
  run('truncate', ['-s', String(DISK_BYTES), disk]);
  run('sfdisk', ['-q', disk], `${script.join('\n')}\n`);
  const bytes = await readFile(disk);
  for (const start of PARTS) {
    const [tree, image] = [`${disk}-${start}`, `${disk}-${start}.ext`];
    await mkdir(tree);
    await writeFile(join(tree, 'who'), `part ${start}`);
    run('mke2fs', ['-q', '-F', '-t', 'ext2', '-N', '16', '-d', tree, image, '256K']);
    bytes.set(await readFile(image), start * SECTOR);
  }
  return bytes;
}

type Shown = { readonly volumes: readonly string[]; readonly isTold: boolean };

/** What a disk shows: its volumes with what `who` says there, and whether anything was told. However damaged a table is, it opens. */
async function shownBy(bytes: Uint8Array): Promise<Shown> {
  const content = new DiskContent(bytes.byteLength);
  content.write(0, bytes);
  const reader = createMemoryDisk({ sizeBytes: bytes.byteLength, content }).openReader();
  await using session = await browse(pointOf([reader]));
  const ids = session.volumes.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeLessThanOrEqual(MOST_VOLUMES);
  const volumes: string[] = [];
  for (const { id, sizeBytes, access } of session.volumes) {
    expect(sizeBytes).toBeGreaterThan(0);
    expect(sizeBytes).toBeLessThanOrEqual(bytes.byteLength);
    volumes.push(`${id} of ${sizeBytes}: ${access === null ? 'not read' : await whoIn(session, id)}`);
  }
  return { volumes, isTold: session.findings.length > 0 };
}

/** A volume that was cut may have lost the file, which is a clear error. */
async function whoIn(session: BrowseSession, volume: string): Promise<string> {
  try {
    return String(await contentOf(session, `/${volume}/who`));
  } catch (error) {
    if (SendenseError.is(error, 'CORRUPT')) return 'damaged';
    throw error;
  }
}

/** Writes the checksums of both copies of a GPT anew, where they name bytes of the disk. */
function seal(bytes: Buffer): Buffer {
  for (const at of [SECTOR, LAST_SECTOR * SECTOR]) {
    const header = bytes.subarray(at, at + SECTOR);
    const begin = Number(header.readBigUInt64LE(72)) * SECTOR;
    const end = begin + header.readUInt32LE(80) * header.readUInt32LE(84);
    if (end <= bytes.byteLength) header.writeUInt32LE(crc32(bytes.subarray(begin, end)), 88);
    header.writeUInt32LE(0, 16);
    const headerBytes = Math.min(header.readUInt32LE(12), SECTOR);
    header.writeUInt32LE(crc32(header.subarray(0, headerBytes)), 16);
  }
  return bytes;
}

/** A disk whose GPT, at its begin alone, names the same part again and again, with checksums that are right. */
function repeated(entries: number): Buffer {
  const bytes = Buffer.concat([gpt, Buffer.alloc(entries * ENTRY_BYTES)]);
  const entry = gpt.subarray(2 * SECTOR, 2 * SECTOR + ENTRY_BYTES);
  for (let index = 0; index < entries; index += 1) bytes.set(entry, gpt.byteLength + index * ENTRY_BYTES);
  bytes.writeBigUInt64LE(BigInt(gpt.byteLength / SECTOR), SECTOR + 72);
  bytes.writeUInt32LE(entries, SECTOR + 80);
  return seal(bytes);
}

function differ(one: Buffer, other: Uint8Array, places: readonly Place[]): boolean {
  return places.some(([at, length]) => one.compare(other, at, at + length, at, at + length) !== 0);
}

describeWithPeers(['partition-tools', 'ext4-tools'], 'a damaged partition table', () => {
  const random = seededRandom(testSeed());
  const rounds = ROUNDS * testScale();
  const whole = PARTS.map((start, index) => `disk-0-p${index + 1} of 262144: part ${start}`);

  beforeAll(async () => {
    gpt = await makeDisk('gpt.raw', GPT);
    mbr = await makeDisk('mbr.raw', MBR);
  });

  it('is none where sfdisk made it: all partitions are shown, and nothing is told', async () => {
    expect(await shownBy(gpt)).toEqual({ volumes: whole, isTold: false });
    expect(await shownBy(mbr)).toMatchObject({ volumes: { length: PARTS.length }, isTold: false });
  });

  it('of GPT shows the same partitions by its other copy, and tells when the first one is damaged', async () => {
    for (let round = 0; round < rounds; round += 1) {
      const bytes = mutate(gpt, round % 2 === 0 ? FIRST : COPY, random);
      const isTold = differ(gpt, bytes, FIRST);
      expect(await shownBy(bytes), `round ${round}`).toEqual({ volumes: whole, isTold });
    }
  });

  it('of GPT that is damaged in both copies and in the boot record shows the same partitions or tells', async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < rounds; round += 1) {
      const bytes = mutate(gpt, [...SAID, ...SAID, [RECORD_AT, RECORD_BYTES]], random);
      const shown = await shownBy(bytes);
      const isSame = JSON.stringify(shown.volumes) === JSON.stringify(whole);
      outcomes.add(`${isSame ? 'same' : 'other'}, ${shown.isTold ? 'told' : 'not told'}`);
    }
    expect([...outcomes].sort()).toEqual(['other, told', 'same, not told', 'same, told']);
  });

  it('of GPT whose checksums are right is read as it says: partitions lie on the disk, or it is told', async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < rounds; round += 1) {
      const shown = await shownBy(seal(Buffer.from(mutate(gpt, SAID, random))));
      outcomes.add(`${shown.volumes.length} ${shown.isTold}`);
    }
    expect([...outcomes]).toEqual(expect.arrayContaining(['4 false', '4 true', '3 true']));
  });

  it('of GPT shows the most partitions that fit in 1 MiB, and no table that is larger, which is told', async () => {
    const volumes = Array.from(
      { length: MOST_VOLUMES },
      (_, index) => `disk-0-p${index + 1} of 262144: part ${PARTS[0]}`,
    );
    expect(await shownBy(repeated(MOST_VOLUMES))).toEqual({ volumes, isTold: false });
    expect(await shownBy(repeated(MOST_VOLUMES + 4))).toEqual({ volumes: [], isTold: true });
  });

  it('of a boot record and its chain is read as it says: partitions lie on the disk, the chain ends', async () => {
    const records: Place[] = [0, 960, 1536, 2304].map((sector) => [
      sector * SECTOR + RECORD_AT,
      RECORD_BYTES,
    ]);
    const outcomes = new Set<string>();
    for (let round = 0; round < rounds; round += 1) {
      const shown = await shownBy(mutate(mbr, records, random));
      outcomes.add(`${shown.volumes.length} ${shown.isTold}`);
    }
    expect([...outcomes]).toEqual(expect.arrayContaining(['4 false', '4 true', '1 true']));
  });
});
