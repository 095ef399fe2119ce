import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browseAll, mutate, type Place } from './support/damage.ts';
import { ExfatBytes, makeExfat, mountExfat } from './support/exfat-image.ts';
import { noise } from './support/sample-tree.ts';

const IMAGE_BYTES = 4 * 2 ** 20;
const CLUSTER = 512;
/** No file is larger than the volume, and each cluster is archived once; zeros behind what was written take as much again. */
const MOST_BYTES = 64 * IMAGE_BYTES;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-damaged-exfat-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fill(root: string): Promise<void> {
  await mkdir(join(root, 'a', 'b'), { recursive: true });
  for (let index = 0; index < 40; index += 1)
    await writeFile(join(root, 'a', 'b', `long name of a file ${index}`), 'x'.repeat(index * 30));
  await using one = await open(join(root, 'one'), 'w');
  await using two = await open(join(root, 'two'), 'w');
  for (let index = 0; index < 100; index += 1) {
    await one.write(noise(CLUSTER, `one ${index}`));
    await two.write(noise(CLUSTER, `two ${index}`));
  }
}

/** Changes that a checksum would hide the reader from: entries of sets, with the checksum made anew. */
function changeSets(whole: Buffer, random: () => number): Uint8Array {
  const copy = new ExfatBytes(Buffer.from(whole));
  for (const name of ['a', 'b', 'one', 'two'])
    copy.change(name, (set) => {
      const place = [
        [4, 2],
        [33, 2],
        [40, 8],
        [52, 12],
      ] as const;
      const kept = Buffer.from(set);
      set.set(mutate(kept, place, random).subarray(0, kept.byteLength));
      kept.copy(set, 0, 0, 2);
    });
  return copy.bytes;
}

describeWithPeers(['exfat-tools', 'loop-mounts', 'fuse'], 'a damaged exFAT file system', () => {
  it('is listed in part or refused: no crash, no endless work, no name that leads elsewhere', async () => {
    const image = join(folder, 'disk.raw');
    await makeExfat(image, `${IMAGE_BYTES}`, ['-c', `${CLUSTER}`]);
    await mountExfat(image, fill);
    const whole = await readFile(image);
    const exfat = new ExfatBytes(whole);
    const places: Place[] = [
      [0, 128],
      [6144, 128],
      [exfat.fatAt, 4096],
      [exfat.clusterAt(exfat.rootCluster), 1024],
      [exfat.clusterAt(exfat.firstCluster('a')), CLUSTER],
      [exfat.clusterAt(exfat.firstCluster('b')), CLUSTER],
      [0, whole.byteLength],
    ];
    expect(await browseAll(whole, MOST_BYTES)).toBe('whole');
    const random = seededRandom(testSeed());
    const outcomes = new Set<string>();
    for (let round = 0; round < 100 * testScale(); round += 1) {
      outcomes.add(await browseAll(mutate(whole, places, random), MOST_BYTES));
      if (round % 2 === 0) outcomes.add(await browseAll(changeSets(whole, random), MOST_BYTES));
    }
    expect([...outcomes]).toEqual(expect.arrayContaining(['in part', 'whole', 'refused']));
  });
});
