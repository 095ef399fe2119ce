import { describe, expect, it } from 'vitest';
import { MemoryFileSystem } from '../../test/memory-file-system.ts';
import { createRaw } from './create-raw.ts';
import { openRaw } from './open-raw.ts';
import { openRawWriter } from './open-raw-writer.ts';

const PATH = '/disk.raw';
const MIB = 1024 * 1024;

describe('the writer of a new raw image', () => {
  it('leaves holes where zeros were asked for and nothing was written', async () => {
    const fileSystem = new MemoryFileSystem();
    const writer = await createRaw(PATH, { fileSystem, sizeBytes: 16 * MIB });
    await writer.zero(0, 16 * MIB);
    expect(fileSystem.operations.filter(({ kind }) => kind === 'write')).toEqual([]);
  });

  it('overwrites with zeros what was written before', async () => {
    const fileSystem = new MemoryFileSystem();
    const writer = await createRaw(PATH, { fileSystem, sizeBytes: 4 * MIB });
    await writer.write(MIB, new Uint8Array(2 * MIB).fill(1));
    await writer.zero(MIB + 5, MIB);
    const bytes = fileSystem.files.get(PATH) ?? new Uint8Array();
    expect([bytes[MIB + 4], bytes[MIB + 5], bytes[2 * MIB + 4], bytes[2 * MIB + 5]]).toEqual([1, 0, 0, 1]);
  });
});

describe('the writer of an existing raw image', () => {
  it('writes nothing for zeros where the image reads as zeros, and little where it holds little', async () => {
    const fileSystem = new MemoryFileSystem();
    const content = new Uint8Array(16 * MIB);
    content[5 * MIB + 70_000] = 7;
    fileSystem.files.set(PATH, content);
    const writer = await openRawWriter(PATH, { fileSystem });
    await writer.zero(0, 16 * MIB);
    const written = fileSystem.operations.map((operation) =>
      operation.kind === 'write' ? [operation.position, operation.data.byteLength] : operation.kind,
    );
    expect(written).toEqual([[5 * MIB + 65_536, 65_536]]);
    expect(fileSystem.files.get(PATH)?.every((byte) => byte === 0)).toBe(true);
  });

  it('changes nothing by itself and makes zeros of what it holds', async () => {
    const fileSystem = new MemoryFileSystem();
    fileSystem.files.set(PATH, new Uint8Array(3 * MIB).fill(7));
    const writer = await openRawWriter(PATH, { fileSystem });
    expect([writer.sizeBytes, writer.untouched, fileSystem.operations.length]).toEqual([
      3 * MIB,
      'unknown',
      0,
    ]);
    await writer.zero(MIB, MIB + 1);
    const bytes = fileSystem.files.get(PATH) ?? new Uint8Array();
    expect([bytes[MIB - 1], bytes[MIB], bytes[2 * MIB], bytes[2 * MIB + 1]]).toEqual([7, 0, 0, 7]);
  });
});

describe('openRaw', () => {
  it('reads an odd size as it is, with a warning', async () => {
    const fileSystem = new MemoryFileSystem();
    fileSystem.files.set(PATH, new Uint8Array(1000).fill(7));
    await using image = await openRaw(PATH, { fileSystem });
    expect(image.sizeBytes).toBe(1000);
    expect(image.info.warnings.map(({ code }) => code)).toEqual(['size-not-sectors']);
  });
});
