import { openDiskImage } from '@sendense/formats';
import { checkQcow2, createQcow2 } from '@sendense/formats/qcow2';
import { createRaw } from '@sendense/formats/raw';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CutReading, readCutCopy, tablePlaces } from './cut-copies.ts';
import { MemoryFileSystem } from './memory-file-system.ts';
import { BASE, FOLDER, IMAGE, sampleImage } from './sample-image.ts';

type Whole = { readonly fileSystem: MemoryFileSystem; readonly bytes: Uint8Array; readonly disk: Uint8Array };

/** An image over old bytes, of which every entry of the last L2 table, at the end of the file, leads to new ones. */
async function fullImage(clusterBytes: number, compression?: 'zlib'): Promise<Whole> {
  const fileSystem = new MemoryFileSystem();
  const sizeBytes = Math.min(2 ** 20, (clusterBytes / 8) * clusterBytes * 2);
  const base = await createRaw(BASE, { fileSystem, sizeBytes });
  await base.write(0, new Uint8Array(sizeBytes).fill(0x42));
  const disk = Uint8Array.from({ length: sizeBytes }, (_, at) => 1 + ((at >>> 9) % 61));
  {
    await using image = await createQcow2(IMAGE, {
      fileSystem,
      sizeBytes,
      clusterBytes,
      backing: { file: 'base.raw', format: 'raw' },
      ...(compression && { compression }),
    });
    await image.write(0, disk);
    await image.flush();
  }
  return { fileSystem, bytes: fileSystem.files.get(IMAGE) ?? new Uint8Array(), disk };
}

/** The image with only `length` bytes: what a check finds, and how it is read. */
async function cutTo(
  { fileSystem, bytes, disk }: Whole,
  length: number,
): Promise<{ errors: number; codes: string[]; reading: CutReading }> {
  fileSystem.files.set(IMAGE, bytes.slice(0, length));
  const { errors, findings } = await checkQcow2(IMAGE, { fileSystem });
  const open = () => openDiskImage(IMAGE, { fileSystem, parents: { folders: [FOLDER] } });
  return { errors, codes: findings.map(({ code }) => code), reading: await readCutCopy(open, disk) };
}

describe.each([
  [512, undefined],
  [4096, undefined],
  [4096, 'zlib'],
  [65_536, undefined],
] as const)(
  'a QCOW2 of ours with clusters of %i bytes (%s) and an L2 table at its end',
  (size, compression) => {
    let whole: Whole;
    let places: ReturnType<typeof tablePlaces>;
    beforeAll(async () => {
      whole = await fullImage(size, compression);
      places = tablePlaces(whole.bytes);
    });

    it('is read and checked while it is whole', async () => {
      expect(places.l2).toContain(whole.bytes.byteLength - size);
      const { errors, codes, reading } = await cutTo(whole, whole.bytes.byteLength);
      expect({ errors, codes }).toEqual({ errors: 0, codes: [] });
      expect(reading).toMatchObject({ corrupt: 0, other: [] });
    });

    it.each([
      ['a byte', () => 1],
      ['a sector', () => 512],
      ['all but eight bytes of the table', () => size - 8],
      ['a cluster', () => size],
      ['a cluster and a byte', () => size + 1],
    ])(
      'cut by %s is CORRUPT where that table is needed, never the bytes below, and the check says so',
      async (_, cut) => {
        const { errors, codes, reading } = await cutTo(whole, whole.bytes.byteLength - cut());
        expect(reading.other).toEqual([]);
        expect(reading.corrupt).toBeGreaterThan(0);
        expect(errors).toBeGreaterThan(0);
        expect(codes).toContain(cut() < size ? 'cut-short' : 'outside-file');
      },
    );

    it.each([
      ['the refcount table', () => places.refcountTable],
      ['the first refcount block', () => places.refcountBlock],
      ['its L1 table', () => places.l1],
    ])('cut inside %s is damaged for the check, and no byte of it is read wrong', async (_, place) => {
      const { errors, codes, reading } = await cutTo(whole, place() + 4);
      expect(reading).toMatchObject({ right: 0, other: [] });
      expect(errors).toBeGreaterThan(0);
      expect(codes).toContain('cut-short');
    });
  },
);

describe('the bitmaps of a QCOW2', () => {
  it('are whole when the file ends behind the last byte that they need, and damaged a byte before', async () => {
    const fileSystem = await sampleImage({ bitmaps: ['a'] });
    const bytes = fileSystem.files.get(IMAGE) ?? new Uint8Array();
    const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
    const directoryEnd = Math.ceil(end / 8) * 8;
    expect(directoryEnd).toBeGreaterThan(bytes.byteLength - 4096);
    const codesAt = async (length: number) => {
      fileSystem.files.set(IMAGE, bytes.slice(0, length));
      return (await checkQcow2(IMAGE, { fileSystem })).findings.map(({ code }) => code);
    };
    expect(await codesAt(directoryEnd)).toEqual([]);
    expect(await codesAt(directoryEnd - 1)).toContain('cut-short');
  });
});
