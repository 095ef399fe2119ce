import { mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browseAll, mutate, type Place } from './support/damage.ts';
import { noise } from './support/sample-tree.ts';
import { fillXfs, longTarget, makeXfs, sealXfs } from './support/xfs-image.ts';

const IMAGE_BYTES = 32 * 2 ** 20;
const BLOCK = 1024;
/** Marks of what is worth damaging: folders of one block and of many, nodes of maps, links, and inodes in use. */
const MARKS: readonly string[] = ['XDB3', 'XDD3', 'BMA3', 'XSLM', 'IN'];
/** No file is larger than the volume, and each is archived once. */
const MOST_BYTES = 256 * IMAGE_BYTES;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-damaged-xfs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fill(root: string): Promise<void> {
  await mkdir(join(root, 'a', 'b'), { recursive: true });
  for (let index = 0; index < 100; index += 1)
    await writeFile(join(root, 'a', `name ${index}`), 'x'.repeat(index));
  await writeFile(join(root, 'a', 'b', 'short'), 'short');
  await symlink(longTarget(), join(root, 'link'));
  await using file = await open(join(root, 'scattered'), 'w');
  for (let index = 0; index < 200; index += 1)
    await file.write(noise(BLOCK, `${index}`), 0, BLOCK, index * 2 * BLOCK);
}

/** The structures, most of all: blocks and inodes that begin with a mark, and the superblock as often as a sixth of them. */
function metadataOf(whole: Buffer): Place[] {
  const places: Place[] = [];
  for (let at = 0; at < whole.byteLength; at += 512) {
    const isMarked = MARKS.some((mark) => whole.toString('latin1', at, at + mark.length) === mark);
    const isFree = whole.toString('latin1', at, at + 2) === 'IN' && whole.readUInt16BE(at + 2) === 0;
    if (isMarked && !isFree) places.push([at, 256]);
  }
  const superblock: Place = [0, 256];
  return [
    ...places,
    ...places.filter((_, index) => index % 6 === 0).map(() => superblock),
    [0, whole.byteLength],
  ];
}

describeWithPeers(['xfs-tools', 'loop-mounts'], 'a damaged XFS file system', () => {
  it('is listed in part or refused: no crash, no endless work, no name that leads elsewhere', async () => {
    const image = join(folder, 'disk.raw');
    makeXfs(image, `${IMAGE_BYTES}`, ['-b', `size=${BLOCK}`, '-d', 'agcount=2']);
    await fillXfs(image, fill);
    const whole = await readFile(image);
    const places = metadataOf(whole);
    expect(places.length).toBeGreaterThan(50);
    const random = seededRandom(testSeed());
    const outcomes = new Set<string>();
    for (let round = 0; round < 100 * testScale(); round += 1) {
      const bytes = mutate(whole, places, random);
      // else most of what is behind the checksums would never be reached
      if (round % 2 === 0) sealXfs(bytes, BLOCK);
      outcomes.add(await browseAll(bytes, MOST_BYTES));
    }
    expect([...outcomes]).toEqual(expect.arrayContaining(['in part', 'whole', 'refused']));
  });
});
