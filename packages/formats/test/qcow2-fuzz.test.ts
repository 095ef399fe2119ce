import { openQcow2 } from '@sendense/formats/qcow2';
import { testScale, testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { exerciseImage } from './exercise-image.ts';
import { MemoryFileSystem } from './memory-file-system.ts';
import { mutateImage } from './mutate-image.ts';
import { BASE, FOLDER, IMAGE, SAMPLE_BYTES, type SampleOptions, sampleImage } from './sample-image.ts';
import { seededRandom } from './seeded-random.ts';

const SEED = testSeed();
const CASES = Math.round(1000 * testScale());
/** No case may take longer or ask for a larger buffer (QEMU's largest refcount table), whatever the image says. */
const MAX_CASE_MS = 2000;
const MAX_BUFFER_BYTES = 8 * 1024 * 1024;

const samples: readonly (SampleOptions & { readonly name: string })[] = [
  { name: 'plain', bitmaps: ['a'] },
  { name: 'zlib', compression: 'zlib', bitmaps: ['a', 'b'] },
  { name: 'zstd', compression: 'zstd' },
  { name: 'on a base', backing: true, bitmaps: ['a'] },
  { name: 'zlib on a base', backing: true, compression: 'zlib' },
];

describe.each(samples)('damaged images, $name', (sample) => {
  it(`end in data or a SendenseError, in bounds (seed ${SEED})`, {
    timeout: 120_000 * testScale(),
  }, async () => {
    const random = seededRandom(SEED);
    const { files } = await sampleImage(sample);
    const intact = files.get(IMAGE) ?? new Uint8Array();
    let opened = 0;
    for (let index = 0; index < CASES; index += 1) {
      const fileSystem = new MemoryFileSystem();
      fileSystem.files.set(IMAGE, mutateImage(intact, random));
      fileSystem.files.set(BASE, new Uint8Array(SAMPLE_BYTES));
      opened += await opens(fileSystem);
      const started = performance.now();
      await exerciseImage(IMAGE, fileSystem, FOLDER).catch((error: unknown) => {
        throw new Error(`case ${index} of seed ${SEED}`, { cause: error });
      });
      expect(performance.now() - started, `time of case ${index}`).toBeLessThan(MAX_CASE_MS);
      expect(fileSystem.largestReadBytes).toBeLessThanOrEqual(MAX_BUFFER_BYTES);
      expect(fileSystem.opened.filter((path) => path !== IMAGE && path !== BASE)).toEqual([]);
    }
    console.info(`seed ${SEED}: ${CASES} cases, ${opened} opened`);
    expect(opened).toBeGreaterThan(CASES / 2);
  });
});

async function opens(fileSystem: MemoryFileSystem): Promise<number> {
  try {
    await using image = await openQcow2(IMAGE, { fileSystem, parents: { folders: [FOLDER] } });
    return image.sizeBytes > 0 ? 1 : 0;
  } catch {
    return 0;
  }
}
