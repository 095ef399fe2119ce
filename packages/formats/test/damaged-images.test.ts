import { type DiskImage, openDiskImage } from '@sendense/formats';
import { collect } from '@sendense/testkit';
import { type DiskFixture, dirtyVhdx, diskFixtures, planLayer } from '@sendense/tests/disk-fixtures';
import { describe, expect, it } from 'vitest';
import { FOLDER, firstDifference, fixtureFiles, openFixture } from './fixture-files.ts';
import { IMAGE, FOLDER as SAMPLE_FOLDER, sampleImage, viewOf } from './sample-image.ts';

const SEED = 20_261_121;
const MIB = 1024 * 1024;

describe('a dirty VHDX log', () => {
  const dirty = made('VHDX with a dirty log that runs around its end');

  it('is replayed in memory: the disk is read as its writer meant it, and no byte of the file changes', async () => {
    const before = dirty.files.get(dirty.image)?.slice() ?? new Uint8Array();
    const fileSystem = fixtureFiles(dirty);
    await using image = await openFixture(dirty, fileSystem);
    expect(await firstDifference(image, dirty.content)).toBeUndefined();
    expect(image.info.dirty).toBe(true);
    expect(image.info.warnings.length).toBeGreaterThan(0);
    expect(fileSystem.operations).toEqual([]);
    const after = fileSystem.files.get(`${FOLDER}/${dirty.image}`) ?? new Uint8Array();
    expect(Buffer.compare(after, before)).toBe(0);
  });

  const plan = planLayer({ sizeBytes: 4 * MIB, pieceBytes: 512, seed: SEED, runs: 4, longest: 60 });
  it.each([
    ['no whole sequence', 'no-sequence'],
    ['a file that is shorter than what was flushed before', 'short-file'],
  ] as const)('with %s is CORRUPT: the disk cannot be told', async (_, damage) => {
    const fixture = dirtyVhdx({ plan, damage });
    await expect(openFixture(fixture, fixtureFiles(fixture))).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});

describe('a VHD with only its front footer', () => {
  const whole = made('VHD dynamic');
  const bytes = whole.files.get(whole.image) ?? new Uint8Array();
  const zeroed = bytes.slice();
  zeroed.fill(0, zeroed.byteLength - 512);

  it.each([
    ['cut off', bytes.subarray(0, bytes.byteLength - 512)],
    ['overwritten', zeroed],
  ])('because the one at its end was %s is read whole, and the loss is told', async (_, damaged) => {
    await using image = await openFixture(whole, fixtureFiles(whole, { [whole.image]: damaged }));
    expect(await firstDifference(image, whole.content)).toBeUndefined();
    expect(image.info.warnings.length).toBeGreaterThan(0);
  });
});

describe('a streamOptimized file cut short', () => {
  it('with its tables at the end is CORRUPT wherever it ends: what is missing cannot be told from holes', async () => {
    const stream = made('VMDK streamOptimized, tables at the end');
    const bytes = stream.files.get(stream.image) ?? new Uint8Array();
    for (const length of [bytes.byteLength - 512, bytes.byteLength - 1024, bytes.byteLength / 2, 70_000]) {
      const files = fixtureFiles(stream, { [stream.image]: bytes.subarray(0, length) });
      await expect(openFixture(stream, files), `cut at ${length}`).rejects.toMatchObject({ code: 'CORRUPT' });
    }
  });

  it('with its tables in front is read up to the grain that is missing, and that is CORRUPT', async () => {
    const stream = made('VMDK streamOptimized, tables first');
    const bytes = stream.files.get(stream.image) ?? new Uint8Array();
    const files = fixtureFiles(stream, { [stream.image]: bytes.subarray(0, bytes.byteLength - 70_000) });
    await using image = await openFixture(stream, files);
    const first = new Uint8Array(65_536);
    await image.read(0, first);
    expect(Buffer.compare(first, stream.content.bytes({ offset: 0, length: 65_536 }))).toBe(0);
    await expect(image.read(image.sizeBytes - 512, new Uint8Array(512))).rejects.toMatchObject({
      code: 'CORRUPT',
    });
  });
});

describe('a sparse file cut short inside its last grain', () => {
  it.each([
    ['VMDK SESparse delta', 512],
    ['VMDK COWD delta', 512],
    ['VMDK monolithicSparse without zeroed grains', 512],
    ['VHD dynamic', 2.2 * MIB],
    ['VHDX dynamic', 1.2 * MIB],
  ])('(%s) is CORRUPT where that is read, never zeros', async (name, cut) => {
    const fixture = made(name);
    const file = [...fixture.files.keys()].find((key) => /sesparse|delta/.test(key)) ?? fixture.image;
    const bytes = fixture.files.get(file) ?? new Uint8Array();
    const files = fixtureFiles(fixture, { [file]: bytes.subarray(0, bytes.byteLength - cut) });
    const attempt = async () => {
      await using image = await openFixture(fixture, files);
      await firstDifference(image, fixture.content);
    };
    await expect(attempt()).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});

describe('a QCOW2', () => {
  it('with the corrupt bit is refused, with what repairs it', async () => {
    const fileSystem = await sampleImage();
    viewOf(fileSystem).setBigUint64(72, 2n);
    await expect(openDiskImage(IMAGE, { fileSystem })).rejects.toMatchObject({
      code: 'CORRUPT',
      remedy: expect.stringContaining('qemu-img check'),
    });
  });

  it('with an L2 table outside the file is CORRUPT where that table is needed', async () => {
    const fileSystem = await sampleImage();
    const view = viewOf(fileSystem);
    const table = Number(view.getBigUint64(40));
    view.setBigUint64(table, (1n << 63n) | 0x4000_0000n);
    const attempt = async () => {
      await using image: DiskImage = await openDiskImage(IMAGE, {
        fileSystem,
        parents: { folders: [SAMPLE_FOLDER] },
      });
      await collect(image.extents({ offset: 0, length: image.sizeBytes }));
    };
    await expect(attempt()).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});

function made(name: string): DiskFixture {
  const fixture = diskFixtures[name]?.(SEED);
  if (fixture === undefined) throw new TypeError(`no fixture is named ${name}`);
  return fixture;
}
