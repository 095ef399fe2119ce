import { mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadChecksum } from '../src/btrfs/checksum.ts';
import { fillBtrfs, makeBtrfs, metadataBlocks } from './support/btrfs-image.ts';
import { browseAll, mutate, type Place } from './support/damage.ts';
import { run } from './support/program.ts';
import { noise } from './support/sample-tree.ts';

const IMAGE_BYTES = 32 * 2 ** 20;
const BLOCK = 4096;
const SUPERBLOCK = 65_536;
/** Extents may name what is compressed again and again: each sector of a file 128 KiB, and each item a sector. */
const MOST_BYTES = 256 * IMAGE_BYTES;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-damaged-btrfs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fill(root: string): Promise<void> {
  run('btrfs', ['subvolume', 'create', join(root, 'sub')]);
  await mkdir(join(root, 'a', 'b'), { recursive: true });
  for (let index = 0; index < 60; index += 1)
    await writeFile(join(root, 'a', `name ${index}`), 'x'.repeat(index));
  await writeFile(join(root, 'sub', 'inner'), 'inner');
  run('btrfs', ['subvolume', 'snapshot', join(root, 'sub'), join(root, 'snapshot')]);
  await symlink('a/b', join(root, 'link'));
  for (const algorithm of ['zlib', 'lzo', 'zstd']) {
    run('mount', ['-o', `remount,compress-force=${algorithm}`, root]);
    await writeFile(join(root, algorithm), `${algorithm} `.repeat(40_000));
    run('sync', ['--file-system', root]);
  }
  run('mount', ['-o', 'remount,compress=no', root]);
  await using file = await open(join(root, 'scattered'), 'w');
  for (let index = 0; index < 100; index += 1)
    await file.write(noise(BLOCK, `${index}`), 0, BLOCK, index * 2 * BLOCK);
}

/** Heads, keys and items of blocks that lie where the newest superblock may lead, and the superblock as often as a tenth of them. */
function metadataOf(whole: Buffer): Place[] {
  const blocks = metadataBlocks(whole, BLOCK);
  const places = blocks.flatMap(({ at }): Place[] => [
    [at + 80, 500],
    [at + 2000, 2096],
  ]);
  const superblock: Place = [SUPERBLOCK + 32, 2700];
  return [...places, ...places.filter((_, index) => index % 10 === 0).map(() => superblock)];
}

/** Gives what was changed its checksum again, so that what reads it is tried, and not the checksums alone. */
async function seal(bytes: Uint8Array, places: readonly number[]): Promise<void> {
  const { of } = await loadChecksum(0);
  for (const at of places) bytes.set(of(bytes.subarray(at + 32, at + BLOCK)), at);
}

describeWithPeers(['btrfs-tools', 'loop-mounts'], 'a damaged btrfs file system', () => {
  it('is listed in part or refused: no crash, no endless work, no name that leads elsewhere', async () => {
    const image = join(folder, 'disk.raw');
    makeBtrfs([image], `${IMAGE_BYTES}`, ['-M', '-n', `${BLOCK}`, '-d', 'single', '-m', 'single']);
    await fillBtrfs([image], fill);
    const whole = await readFile(image);
    const places = metadataOf(whole);
    const sealed = [SUPERBLOCK, ...metadataBlocks(whole, BLOCK).map(({ at }) => at)];
    expect(places.length).toBeGreaterThan(50);
    const random = seededRandom(testSeed());
    const outcomes = new Set<string>();
    for (let round = 0; round < 100 * testScale(); round += 1) {
      const bytes = mutate(whole, places, random);
      if (round % 5 !== 0) await seal(bytes, sealed);
      outcomes.add(await browseAll(bytes, MOST_BYTES));
    }
    expect([...outcomes]).toEqual(expect.arrayContaining(['in part', 'whole', 'refused']));
  }, 120_000);
});
