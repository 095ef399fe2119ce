import { readdir, readFile } from 'node:fs/promises';
import { openQcow2 } from '@sendense/formats/qcow2';
import { testScale, testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { exerciseImage } from './exercise-image.ts';
import { MemoryFileSystem } from './memory-file-system.ts';
import { mutateImage } from './mutate-image.ts';
import { qemuImg, qemuIo } from './qemu.ts';
import { seededRandom } from './seeded-random.ts';
import { temporaryFolder } from './temporary-folder.ts';

const SEED = testSeed();
const CASES = Math.round(150 * testScale());
const MAX_CASE_MS = 2000;
const MAX_BUFFER_BYTES = 8 * 1024 * 1024;
/** How QEMU makes a seed: options, whether it is compressed, and other files that it needs. */
type Seed = {
  readonly name: string;
  readonly options: string;
  readonly compressed?: true;
  readonly bitmaps?: true;
  readonly backing?: 'qcow2' | 'raw';
};

const seeds: readonly Seed[] = [
  { name: 'version 2', options: 'compat=0.10' },
  { name: 'clusters of 512 bytes', options: 'cluster_size=512' },
  { name: 'a bitmap', options: 'cluster_size=4k', bitmaps: true },
  { name: 'zlib', options: 'cluster_size=64k', compressed: true },
  { name: 'zstd', options: 'cluster_size=4k,compression_type=zstd', compressed: true },
  { name: 'extended L2', options: 'cluster_size=16k,extended_l2=on' },
  { name: 'lazy refcounts', options: 'cluster_size=4k,lazy_refcounts=on', bitmaps: true },
  { name: 'refcounts of 1 bit', options: 'cluster_size=4k,refcount_bits=1' },
  { name: 'refcounts of 64 bits', options: 'cluster_size=4k,refcount_bits=64' },
  { name: 'preallocated metadata', options: 'cluster_size=4k,preallocation=metadata' },
  { name: 'an external data file', options: 'cluster_size=4k,data_file=data.raw' },
  { name: 'a raw base', options: 'cluster_size=4k', backing: 'raw' },
  { name: 'a QCOW2 base', options: 'cluster_size=4k', backing: 'qcow2', bitmaps: true },
];

/** The files that QEMU made, as they lay in their folder. */
type Made = {
  readonly folder: string;
  readonly image: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
};

async function makeSeed({ options, compressed, bitmaps, backing }: Seed): Promise<Made> {
  await using folder = await temporaryFolder();
  const [base, image, data] = [folder.file('base'), folder.file('disk.qcow2'), folder.file('data.raw')];
  const create = ['create', '-q', '-f', 'qcow2', '-o', options.replace('data.raw', data)];
  if (backing !== undefined) {
    await qemuImg('create', '-q', '-f', backing, base, '1M');
    await qemuIo(base, 'write -P 3 0 256k');
  }
  await qemuImg(...create, ...(backing === undefined ? [] : ['-b', base, '-F', backing]), image, '1M');
  if (bitmaps === true) await qemuImg('bitmap', '--add', '-g', '4k', image, 'a');
  const write = compressed === true ? 'write -c' : 'write';
  await qemuIo(image, `${write} -P 1 0 64k`, `${write} -P 2 512k 128k`);
  if (!options.includes('0.10')) await qemuIo(image, 'write -z 256k 64k');
  const files = new Map<string, Uint8Array>();
  for (const name of await readdir(folder.path))
    files.set(folder.file(name), new Uint8Array(await readFile(folder.file(name))));
  return { folder: folder.path, image, files };
}

/** The files in memory, with the image replaced. */
function withImage({ files, image }: Made, bytes: Uint8Array): MemoryFileSystem {
  const fileSystem = new MemoryFileSystem();
  for (const [path, content] of files) fileSystem.files.set(path, content.slice());
  fileSystem.files.set(image, bytes);
  return fileSystem;
}

async function opens(fileSystem: MemoryFileSystem, { image, folder }: Made): Promise<boolean> {
  try {
    await using opened = await openQcow2(image, { fileSystem, parents: { folders: [folder] } });
    return opened.sizeBytes > 0;
  } catch {
    return false;
  }
}

async function exercise(fileSystem: MemoryFileSystem, made: Made, what: string): Promise<void> {
  const started = performance.now();
  await exerciseImage(made.image, fileSystem, made.folder).catch((error: unknown) => {
    throw new Error(what, { cause: error });
  });
  expect(performance.now() - started, `time of ${what}`).toBeLessThan(MAX_CASE_MS);
  expect(fileSystem.largestReadBytes, what).toBeLessThanOrEqual(MAX_BUFFER_BYTES);
  expect(fileSystem.opened.filter((path) => !made.files.has(path))).toEqual([]);
}

describe('a damaged image that QEMU made', () => {
  it.each(seeds)(
    `($name) ends in data or a SendenseError, in bounds (seed ${SEED})`,
    {
      timeout: 120_000 * testScale(),
    },
    async (seed) => {
      const random = seededRandom(SEED);
      const made = await makeSeed(seed);
      const intact = made.files.get(made.image) ?? new Uint8Array();
      // when the image itself does not open, nothing below is tested
      expect(await opens(withImage(made, intact), made)).toBe(true);
      let opened = 0;
      for (let index = 0; index < CASES; index += 1) {
        const fileSystem = withImage(made, mutateImage(intact, random));
        opened += (await opens(fileSystem, made)) ? 1 : 0;
        await exercise(fileSystem, made, `case ${index} of seed ${SEED}`);
      }
      console.info(`seed ${SEED}, ${seed.name}: ${CASES} cases, ${opened} opened`);
      expect(opened).toBeGreaterThan(CASES / 2);
    },
  );
});
