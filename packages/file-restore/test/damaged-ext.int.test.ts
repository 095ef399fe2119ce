import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browseAll, mutate, type Place } from './support/damage.ts';
import { run } from './support/program.ts';
import { noise } from './support/sample-tree.ts';

const IMAGE_BYTES = 2 * 2 ** 20;
const KINDS = [
  ['ext2 with pointers', ['-t', 'ext2', '-b', '1024']],
  ['ext4 with extents', ['-t', 'ext4', '-b', '1024', '-O', 'extent,^resize_inode']],
  ['ext4 with checksums', ['-t', 'ext4', '-b', '1024', '-O', 'extent,metadata_csum,^resize_inode']],
] as const;
const INODES = 128;
/** Each inode once, and none larger than the file system. */
const MOST_BYTES = (INODES + 1) * IMAGE_BYTES;

let folder = '';
let tree = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-damaged-'));
  tree = join(folder, 'tree');
  await mkdir(join(tree, 'a', 'b'), { recursive: true });
  await writeFile(join(tree, 'large'), noise(400_000, 'large'));
  for (let index = 0; index < 60; index += 1)
    await writeFile(join(tree, 'a', 'b', `name ${index}`), 'x'.repeat(index));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describeWithPeers(['ext4-tools'], 'a damaged file system', () => {
  it.each(KINDS)(
    'of %s is listed in part or refused: no crash, no endless work, no name that leads elsewhere',
    async (title, options) => {
      const image = join(folder, `${title}.raw`);
      run('mke2fs', [
        '-q',
        '-F',
        '-N',
        String(INODES),
        ...options,
        '-d',
        tree,
        image,
        `${IMAGE_BYTES / 1024}k`,
      ]);
      const whole = await readFile(image);
      const places = metadataOf(image, whole);
      const random = seededRandom(testSeed());
      const outcomes = new Map<string, number>();
      for (let round = 0; round < 400 * testScale(); round += 1) {
        const outcome = await browseAll(mutate(whole, places, random), MOST_BYTES);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
      expect([...outcomes.keys()].sort()).toEqual(expect.arrayContaining(['in part', 'whole']));
    },
  );
});

/** Where the structures lie, so that most damage hits one: superblock, descriptors, inodes, and blocks of folders and maps. */
function metadataOf(image: string, whole: Uint8Array): readonly Place[] {
  const [folderBlock = '', mapBlock = ''] = ['blocks /a/b', 'blocks /'].map(
    (command) => run('debugfs', ['-R', command, image]).trim().split(/\s+/)[0],
  );
  const view = Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength);
  const inodeTable = view.readUInt32LE(2048 + 8) * 1024;
  return [
    [1024, 1024],
    [2048, 64],
    [inodeTable, 32 * 256],
    [Number(folderBlock) * 1024, 1024],
    [Number(mapBlock) * 1024, 1024],
    [0, whole.byteLength],
  ];
}
