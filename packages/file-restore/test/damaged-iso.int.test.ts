import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browseAll, mutate, type Place } from './support/damage.ts';
import { fillForDisc, fillPlainly } from './support/iso-image.ts';
import { run } from './support/program.ts';

const SECTOR = 2048;
/** No file has more bytes than its volume, each of some tens of names may name all of it, and zisofs may have any number of zeros. */
const MOST_BYTES = 2 ** 32;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-damaged-iso-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** All sectors with records, and those of the descriptors: what lies before the data of the first file. */
function placesOf(whole: Buffer): Place[] {
  const root = whole.readUInt32LE(16 * SECTOR + 156 + 2);
  const structures: Place[] = Array.from({ length: 40 }, (_, index) => [(root + index) * SECTOR, 512]);
  return [[16 * SECTOR, 256], [17 * SECTOR, 256], ...structures, [0, whole.byteLength]];
}

describeWithPeers(['iso-tools'], 'a damaged disc', () => {
  it.each([
    [
      'of genisoimage',
      fillForDisc,
      (image: string, tree: string) => ['genisoimage', '-quiet', '-R', '-J', '-o', image, tree],
    ],
    [
      'with numbers of files and compressed ones',
      fillForDisc,
      (image: string, tree: string) => [
        'xorriso',
        '-outdev',
        image,
        '-hardlinks',
        'on',
        '-map',
        tree,
        '/',
        '-set_filter_r',
        '--zisofs',
        '/',
        '--',
        '-commit',
      ],
    ],
    [
      'of Joliet',
      fillPlainly,
      (image: string, tree: string) => ['genisoimage', '-quiet', '-J', '-o', image, tree],
    ],
  ])(
    '%s is listed in part or refused: no crash, no endless work, no name that leads elsewhere',
    async (name, fill, command) => {
      const [tree, image] = [join(folder, `${name} tree`), join(folder, `${name}.iso`)];
      await mkdir(tree);
      await fill(tree);
      const [program = '', ...args] = command(image, tree);
      run(program, args);
      const whole = await readFile(image);
      const places = placesOf(whole);
      const random = seededRandom(testSeed());
      const outcomes = new Set<string>();
      for (let round = 0; round < 100 * testScale(); round += 1)
        outcomes.add(await browseAll(mutate(whole, places, random), MOST_BYTES));
      expect([...outcomes]).toEqual(expect.arrayContaining(['in part']));
    },
  );
});
