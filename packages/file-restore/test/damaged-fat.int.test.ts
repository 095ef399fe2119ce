import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browseAll, mutate } from './support/damage.ts';
import { run } from './support/program.ts';
import { noise } from './support/sample-tree.ts';

const IMAGE_BYTES = 2 * 2 ** 20;
/** No file is larger than the volume, and each of the few folders is entered once. */
const MOST_BYTES = 512 * IMAGE_BYTES;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-damaged-fat-'));
  await mkdir(join(folder, 'a', 'b'), { recursive: true });
  await writeFile(join(folder, 'large'), noise(400_000, 'large'));
  for (let index = 0; index < 40; index += 1)
    await writeFile(join(folder, 'a', 'b', `long name ${index}`), 'x'.repeat(index));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describeWithPeers(['fat-tools'], 'a damaged FAT file system', () => {
  it('is listed in part or refused: no crash, no endless work, no name that leads elsewhere', async () => {
    const image = join(folder, 'disk.raw');
    run('truncate', ['-s', String(IMAGE_BYTES), image]);
    run('mkfs.fat', ['-F', '12', '-s', '1', image]);
    run('mcopy', ['-i', image, '-s', join(folder, 'a'), join(folder, 'large'), '::']);
    const whole = await readFile(image);
    const fatBytes = whole.readUInt16LE(22) * 512;
    const rootAt = whole.readUInt16LE(14) * 512 + 2 * fatBytes;
    const places = [
      [0, 64],
      [512, 3000],
      [rootAt, 256],
      [rootAt + whole.readUInt16LE(17) * 32, 8192],
      [0, whole.byteLength],
    ] as const;
    const random = seededRandom(testSeed());
    const outcomes = new Set<string>();
    for (let round = 0; round < 400 * testScale(); round += 1)
      outcomes.add(await browseAll(mutate(whole, places, random), MOST_BYTES));
    expect([...outcomes]).toEqual(expect.arrayContaining(['in part', 'whole', 'refused']));
  });
});
