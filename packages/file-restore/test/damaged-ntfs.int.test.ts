import { link, mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT_RECORD } from '../src/ntfs/master-file-table.ts';
import { browseAll, mutate, type Place } from './support/damage.ts';
import {
  fillNtfs,
  linkData,
  makeNtfs,
  NtfsBytes,
  setAttributes,
  setReparsePoint,
} from './support/ntfs-image.ts';
import { noise } from './support/sample-tree.ts';

const IMAGE_BYTES = 8 * 2 ** 20;
const CLUSTER = 1024;
const COMPRESSED = 0x800;
/** Marks of records of the table in use, and of blocks of folders. */
const MARKS: readonly string[] = ['FILE', 'INDX'];
/** No file has more clusters than the volume, compressed ones hold sixteen times as much, and each is archived once. */
const MOST_BYTES = 256 * IMAGE_BYTES;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-damaged-ntfs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fill(root: string): Promise<void> {
  await mkdir(join(root, 'a', 'b'), { recursive: true });
  for (let index = 0; index < 100; index += 1)
    await writeFile(join(root, 'a', `name ${index}`), 'x'.repeat(index * 10));
  await writeFile(join(root, 'a', 'b', 'short'), 'short');
  for (let index = 0; index < 20; index += 1)
    await link(join(root, 'a', 'b', 'short'), join(root, 'a', 'b', `again ${index}`));
  await symlink('a/b', join(root, 'link'));
  await mkdir(join(root, 'junction'));
  setReparsePoint(join(root, 'junction'), 0xa000_0003, linkData('\\??\\C:\\a'));
  await mkdir(join(root, 'compressed'));
  setAttributes(join(root, 'compressed'), COMPRESSED);
  await writeFile(join(root, 'compressed', 'text'), 'some text that repeats '.repeat(10_000));
  await using scattered = await open(join(root, 'scattered'), 'w');
  for (let index = 0; index < 400; index += 1)
    await scattered.write(noise(CLUSTER, `${index}`), 0, CLUSTER, index * 2 * CLUSTER);
}

/** The structures, most of all: what begins with a mark, and the boot sector and the root folder as often as a sixth of them. */
function metadataOf(whole: Buffer): Place[] {
  const places: Place[] = [];
  for (let at = 0; at < whole.byteLength; at += 512) {
    const mark = whole.toString('latin1', at, at + 4);
    const isFree = mark === 'FILE' && (whole.readUInt16LE(at + 22) & 1) === 0;
    if (MARKS.includes(mark) && !isFree) places.push([at, 500]);
  }
  const boot: Place = [0, 128];
  const root: Place = [new NtfsBytes(whole).recordAt(ROOT_RECORD), 500];
  const text = whole.indexOf('some t');
  return [
    ...places,
    ...places.filter((_, index) => index % 6 === 0).flatMap(() => [boot, root]),
    ...(text === -1 ? [] : [[text - 16, 4096] as const]),
    [0, whole.byteLength],
  ];
}

describeWithPeers(['ntfs-tools', 'loop-mounts', 'fuse'], 'a damaged NTFS file system', () => {
  it('is listed in part or refused: no crash, no endless work, no name that leads elsewhere', async () => {
    const image = join(folder, 'disk.raw');
    makeNtfs(image, `${IMAGE_BYTES}`, ['-c', `${CLUSTER}`]);
    await fillNtfs(image, fill);
    const whole = await readFile(image);
    const places = metadataOf(whole);
    expect(places.length).toBeGreaterThan(150);
    expect(await browseAll(whole, MOST_BYTES)).toBe('whole');
    const random = seededRandom(testSeed());
    const outcomes = new Set<string>();
    for (let round = 0; round < 100 * testScale(); round += 1)
      outcomes.add(await browseAll(mutate(whole, places, random), MOST_BYTES));
    expect([...outcomes]).toEqual(expect.arrayContaining(['in part', 'whole', 'refused']));
  });
});
