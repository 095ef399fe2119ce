import { checkDiskImage, openDiskImage, readImageInfo } from '@sendense/formats';
import { type DiskFixture, diskFixtures } from '@sendense/tests/disk-fixtures';
import { testScale, testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { inDataOrOurError } from '../exercise-image.ts';
import { FOLDER } from '../fixture-files.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { seededRandom } from '../seeded-random.ts';
import { damageFixture } from './damage-fixture.ts';

const SEED = testSeed();
const CASES = Math.round(1300 * testScale());
/** No case may compute for longer or ask for a larger buffer, whatever the image says. */
const MAX_CASE_CPU_MS = 2000;
const MAX_BUFFER_BYTES = 8 * 1024 * 1024;
/** Hostile sizes are huge: only so much is read at each end, and only so many extents. */
const READ_BYTES = 64 * 1024;
const MAX_EXTENTS = 5000;
const MAX_STORED_READS = 3;
/** A check reads the whole file: not every case has one. */
const CHECK_EVERY = 25;

/** A log entry that runs around the end of the log has its checksum over two parts: damage to it would never pass. */
const fixtures = Object.entries(diskFixtures).filter(
  ([name]) => !/two chunks|around its end|in eights|without/.test(name),
);

describe.each(fixtures)('a damaged file, %s', (name, make) => {
  it(`ends in data or a SendenseError, in bounds (seed ${SEED})`, {
    timeout: 120_000 * testScale(),
  }, async () => {
    const random = seededRandom(SEED);
    const fixture = make(SEED);
    let [opened, gatesPassed, cpuMs] = [0, 0, 0];
    for (let index = 0; index < CASES; index += 1) {
      const { what, files, passesGates, undo } = damageFixture(fixture, random);
      const fileSystem = new MemoryFileSystem();
      for (const [file, bytes] of files) fileSystem.files.set(`${FOLDER}/${file}`, bytes);
      const started = process.cpuUsage();
      try {
        opened += await exercise(fixture, fileSystem);
        if (index % CHECK_EVERY === 0) await check(fixture, fileSystem);
      } catch (error) {
        throw new Error(`case ${index} of seed ${SEED}: ${what}`, { cause: error });
      }
      const { user, system } = process.cpuUsage(started);
      expect((user + system) / 1000, `time of case ${index}: ${what}`).toBeLessThan(MAX_CASE_CPU_MS);
      cpuMs += (user + system) / 1000;
      gatesPassed += passesGates ? 1 : 0;
      expect(fileSystem.largestReadBytes, `case ${index}: ${what}`).toBeLessThanOrEqual(MAX_BUFFER_BYTES);
      expect(fileSystem.opened.filter((path) => !fileSystem.files.has(path))).toEqual([]);
      undo();
    }
    console.info(
      `seed ${SEED}, ${name}: ${CASES} cases, ${gatesPassed} past the gates, ${opened} opened, ${Math.round(cpuMs)} ms`,
    );
    expect(gatesPassed).toBeGreaterThan(CASES / 2);
    expect(opened).toBeGreaterThan(CASES / 3);
  });
});

async function check({ image, format }: DiskFixture, fileSystem: MemoryFileSystem): Promise<void> {
  await inDataOrOurError(async () => {
    await checkDiskImage(`${FOLDER}/${image}`, { fileSystem, format, parents: { folders: [FOLDER] } });
  });
}

async function exercise({ image, format }: DiskFixture, fileSystem: MemoryFileSystem): Promise<number> {
  const path = `${FOLDER}/${image}`;
  await inDataOrOurError(async () => {
    await readImageInfo(path, { fileSystem });
  });
  return inDataOrOurError(async () => {
    await using disk = await openDiskImage(path, { fileSystem, format, parents: { folders: [FOLDER] } });
    const into = new Uint8Array(Math.min(disk.sizeBytes, READ_BYTES));
    const last = disk.sizeBytes - into.byteLength;
    for (const offset of [0, Math.floor(last / 2 / 512) * 512, last]) {
      await inDataOrOurError(() => disk.read(offset, into));
    }
    const stored: number[] = [];
    await inDataOrOurError(async () => {
      let left = MAX_EXTENTS;
      for await (const { offset, kind } of disk.extents({ offset: 0, length: disk.sizeBytes })) {
        if (kind === 'data' && stored.length < MAX_STORED_READS) stored.push(offset);
        left -= 1;
        if (left === 0) break;
      }
    });
    for (const offset of stored) await inDataOrOurError(() => disk.read(offset, into.subarray(0, 512)));
  });
}
