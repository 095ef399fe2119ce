import { describe, expect, it } from 'vitest';
import type { MemoryFileSystem } from '../../test/memory-file-system.ts';
import {
  BASE,
  FOLDER,
  IMAGE,
  patch,
  SAMPLE_BYTES,
  type SampleOptions,
  sampleImage,
  viewOf,
} from '../../test/sample-image.ts';
import { createQcow2 } from './create-qcow2.ts';
import { openQcow2 } from './open-qcow2.ts';

const OUTSIDE = 2n ** 40n;
const parents = { folders: [FOLDER] };

/** Opens the damaged image and reads all of it. */
async function readAll(fileSystem: MemoryFileSystem): Promise<Uint8Array> {
  await using image = await openQcow2(IMAGE, { fileSystem, parents });
  const into = new Uint8Array(image.sizeBytes);
  await image.read(0, into);
  return into;
}

async function damaged(
  change: (view: DataView) => void,
  options: SampleOptions = {},
): Promise<MemoryFileSystem> {
  const fileSystem = await sampleImage(options);
  change(viewOf(fileSystem));
  return fileSystem;
}

/** The error names the file, and says what to do. */
const blamed = (code: string) => ({
  code,
  message: expect.stringContaining(IMAGE),
  remedy: expect.any(String),
  context: { path: IMAGE },
});

const l1Offset = (view: DataView) => Number(view.getBigUint64(40));
const l2Offset = (view: DataView) => Number(view.getBigUint64(l1Offset(view)) & 0x00ff_ffff_ffff_fe00n);

describe('an image whose header is damaged', () => {
  const fields: readonly [what: string, code: string, change: (view: DataView) => void][] = [
    ['the magic', 'FORMAT_INVALID', (view) => view.setUint32(0, 0)],
    ['an unknown version', 'FORMAT_UNSUPPORTED', (view) => view.setUint32(4, 9)],
    ['a cluster size out of bounds', 'FORMAT_INVALID', (view) => view.setUint32(20, 40)],
    ['a disk size beyond 2^53', 'FORMAT_INVALID', (view) => view.setBigUint64(24, 2n ** 60n)],
    ['an L1 table too small for the disk', 'FORMAT_INVALID', (view) => view.setBigUint64(24, 2n ** 40n)],
    ['an L1 table of 64 MiB', 'FORMAT_INVALID', (view) => view.setUint32(36, 8 * 1024 * 1024)],
    ['a misaligned L1 table', 'FORMAT_INVALID', (view) => view.setBigUint64(40, 4097n)],
    ['a refcount table of 16 MiB', 'FORMAT_INVALID', (view) => view.setUint32(56, 4096)],
    ['refcounts of 128 bits', 'FORMAT_INVALID', (view) => view.setUint32(96, 7)],
    ['a backing name outside the first cluster', 'FORMAT_INVALID', (view) => view.setBigUint64(8, 4095n)],
    ['AES encryption', 'FORMAT_UNSUPPORTED', (view) => view.setUint32(32, 1)],
    ['LUKS encryption', 'FORMAT_UNSUPPORTED', (view) => view.setUint32(32, 2)],
    ['an unknown incompatible bit', 'FORMAT_UNSUPPORTED', (view) => view.setBigUint64(72, 1n << 17n)],
    ['a data file that it does not name', 'FORMAT_UNSUPPORTED', (view) => view.setBigUint64(72, 4n)],
    ['the corrupt bit', 'CORRUPT', (view) => view.setBigUint64(72, 2n)],
    ['an unknown compression type', 'FORMAT_UNSUPPORTED', (view) => view.setUint8(104, 2)],
    ['a compression type without its bit', 'FORMAT_INVALID', (view) => view.setUint8(104, 1)],
    [
      'an extension that reaches past the header',
      'FORMAT_INVALID',
      (view) => view.setUint32(112, 0x1234_5678),
    ],
  ];
  it.each(fields)('(%s) is refused with %s', async (what, code, change) => {
    const fileSystem = await damaged((view) => {
      change(view);
      if (what.startsWith('an extension')) view.setUint32(116, 5000);
      if (what.startsWith('a backing')) view.setUint32(16, 100);
    });
    await expect(openQcow2(IMAGE, { fileSystem })).rejects.toMatchObject(blamed(code));
  });

  it('names the unknown incompatible bit', async () => {
    const fileSystem = await damaged((view) => view.setBigUint64(72, 1n << 17n));
    await expect(openQcow2(IMAGE, { fileSystem })).rejects.toThrow('bit 17');
  });

  it('and that was cut inside the header is refused with FORMAT_INVALID', async () => {
    const fileSystem = await sampleImage();
    fileSystem.files.set(IMAGE, (fileSystem.files.get(IMAGE) ?? new Uint8Array()).slice(0, 90));
    await expect(openQcow2(IMAGE, { fileSystem })).rejects.toMatchObject(blamed('FORMAT_INVALID'));
  });
});

describe('an image whose dirty bit is set', () => {
  it('is read, with a warning', async () => {
    const fileSystem = await damaged((view) => view.setBigUint64(72, 1n));
    await using image = await openQcow2(IMAGE, { fileSystem });
    expect(image.info.dirty).toBe(true);
    expect(image.info.warnings.map(({ code }) => code)).toEqual(['image-dirty']);
    expect(await readAll(fileSystem)).toHaveLength(SAMPLE_BYTES);
  });
});

describe('an image whose tables are damaged', () => {
  const tables: readonly [what: string, change: (view: DataView) => void, options?: SampleOptions][] = [
    ['its L1 table lies outside the file', (view) => view.setBigUint64(40, OUTSIDE)],
    ['an L2 table lies outside the file', (view) => view.setBigUint64(l1Offset(view), OUTSIDE)],
    ['an L2 table is not at a cluster boundary', (view) => view.setBigUint64(l1Offset(view), 0x1200n)],
    ['a cluster lies outside the file', (view) => view.setBigUint64(l2Offset(view), OUTSIDE)],
    ['a cluster is not at a cluster boundary', (view) => view.setBigUint64(l2Offset(view), 0x1200n)],
    ['a cluster lies beyond 2^53', (view) => view.setBigUint64(l2Offset(view), 2n ** 55n)],
    [
      'a compressed cluster lies outside the file',
      (view) => view.setBigUint64(l2Offset(view), (1n << 62n) | OUTSIDE),
      { compression: 'zlib' },
    ],
    [
      'a compressed cluster is something else',
      (view) => view.setBigUint64(l2Offset(view), (1n << 62n) | BigInt(l1Offset(view))),
      { compression: 'zlib' },
    ],
    [
      'a zstd cluster is something else',
      (view) => view.setBigUint64(l2Offset(view), (1n << 62n) | BigInt(l1Offset(view))),
      { compression: 'zstd' },
    ],
  ];
  it.each(tables)('(%s) is refused with CORRUPT when it is read', async (_, change, options) => {
    const fileSystem = await damaged(change, options ?? {});
    await expect(readAll(fileSystem)).rejects.toMatchObject(blamed('CORRUPT'));
  });

  it('(a compressed cluster holds more than a cluster) is refused with CORRUPT', async () => {
    const fileSystem = await sampleImage({ compression: 'zlib' });
    // Half the cluster size: what was compressed with 4096 bytes a cluster now is twice too long.
    const view = viewOf(fileSystem);
    const entry = view.getBigUint64(l2Offset(view));
    const small = await smallImage(fileSystem);
    const target = viewOf(fileSystem, small);
    const stored = Uint8Array.from(fileSystem.files.get(IMAGE) ?? []).subarray(Number(entry & 0xffff_ffffn));
    patch(fileSystem, small, 2048 * 8, stored.subarray(0, 512));
    // 2 KiB clusters: the sector count starts at bit 59.
    target.setBigUint64(l2Offset(target), (1n << 62n) | BigInt(2048 * 8));
    await using image = await openQcow2(small, { fileSystem });
    await expect(image.read(0, new Uint8Array(2048))).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});

/** An image with clusters of 2 KiB and a file large enough to patch. */
async function smallImage(fileSystem: MemoryFileSystem): Promise<string> {
  const path = `${FOLDER}/small.qcow2`;
  const writer = await createQcow2(path, { fileSystem, sizeBytes: 65_536, clusterBytes: 2048 });
  await writer.write(0, new Uint8Array(65_536).fill(1));
  await writer.flush();
  return path;
}

describe('an image with a backing file', () => {
  it('opens no other file unless the caller allows it', async () => {
    const fileSystem = await sampleImage({ backing: true });
    await expect(openQcow2(IMAGE, { fileSystem })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(new Set(fileSystem.opened)).toEqual(new Set([IMAGE]));
  });

  it('opens no file outside the allowed folders', async () => {
    const fileSystem = await sampleImage({ backing: true });
    fileSystem.files.set('/other/file', new Uint8Array());
    const other = { folders: ['/other'] };
    await expect(openQcow2(IMAGE, { fileSystem, parents: other })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    expect(new Set(fileSystem.opened)).toEqual(new Set([IMAGE]));
  });

  it('that is gone is refused with PARENT_MISSING', async () => {
    const fileSystem = await sampleImage({ backing: true });
    fileSystem.files.delete(BASE);
    await expect(openQcow2(IMAGE, { fileSystem, parents })).rejects.toMatchObject({ code: 'PARENT_MISSING' });
  });

  it('that is itself is refused with CORRUPT', async () => {
    const fileSystem = await chainOf(['disk.qcow2']);
    await expect(openQcow2(IMAGE, { fileSystem, parents })).rejects.toMatchObject(blamed('CORRUPT'));
  });

  it('in a loop of three is refused with CORRUPT', async () => {
    const fileSystem = await chainOf(['b', 'c', 'disk.qcow2']);
    await expect(openQcow2(IMAGE, { fileSystem, parents })).rejects.toThrow('loop');
  });

  it.each(['json:{"driver":"file"}', 'nbd://host/x', 'http://host/x', 'file:base'])(
    'named %s is refused with FORMAT_UNSUPPORTED',
    async (name) => {
      const fileSystem = await chainOf([name]);
      await expect(openQcow2(IMAGE, { fileSystem, parents })).rejects.toMatchObject({
        code: 'FORMAT_UNSUPPORTED',
      });
    },
  );

  it('shorter than the disk reads as zeros past its end', async () => {
    const fileSystem = await sampleImage({ backing: true });
    fileSystem.files.set(BASE, new Uint8Array(3 * 4096 + 100).fill(0x42));
    const bytes = await readAll(fileSystem);
    expect(bytes.subarray(3 * 4096, 3 * 4096 + 101)).toEqual(
      Uint8Array.from({ length: 101 }, (_, index) => (index < 100 ? 0x42 : 0)),
    );
    expect(bytes[7 * 4096]).toBe(0);
  });
});

/** `disk.qcow2` on top of `names`, each on top of the next; the last one is not made. */
async function chainOf(names: readonly string[]): Promise<MemoryFileSystem> {
  const fileSystem = await sampleImage();
  let child = 'disk.qcow2';
  for (const name of names) {
    const backing = { file: name, format: 'qcow2' } as const;
    const writer = await createQcow2(`${FOLDER}/${child}`, { fileSystem, sizeBytes: 4096, backing });
    await writer.flush();
    child = name;
  }
  return fileSystem;
}
