import { createVmdk, openVmdk } from '@sendense/formats/vmdk';
import { seededBytes } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { applyOperation, MemoryFileSystem } from '../memory-file-system.ts';

const PATH = '/disk.vmdk';
const GRAIN = 65_536;
/** In the first table, in the second, and in the third. */
const GRAINS = [0, 30, 60, 500, 600, 1030] as const;
/** What is written at each: more than is gathered before it goes to the file. */
const WRITTEN = 18 * GRAIN;

function dataOf(grain: number): Uint8Array {
  return seededBytes(grain + 1, WRITTEN);
}

/** The image holds what was written at the first `count` of the grains above. */
async function expectGrains(bytes: Uint8Array, count: number): Promise<void> {
  const fileSystem = new MemoryFileSystem();
  fileSystem.files.set(PATH, bytes);
  await using image = await openVmdk(PATH, { fileSystem });
  for (const grain of GRAINS.slice(0, count)) {
    const read = new Uint8Array(WRITTEN);
    await image.read(grain * GRAIN, read);
    expect(Buffer.compare(read, dataOf(grain))).toBe(0);
  }
}

describe.each(['monolithicSparse', 'streamOptimized'] as const)(
  'a %s image that is written on',
  (subformat) => {
    it('keeps what each flush made durable, wherever the writing stops after it', async () => {
      const fileSystem = new MemoryFileSystem();
      const writer = await createVmdk(PATH, { fileSystem, subformat, sizeBytes: 1100 * GRAIN });
      /** Operations done when a flush had resolved, and the writes before it. */
      const flushed: [operations: number, writes: number][] = [];
      for (const [index, grain] of GRAINS.entries()) {
        await writer.write(grain * GRAIN, dataOf(grain));
        if (index % 2 === 0) continue;
        await writer.flush();
        flushed.push([fileSystem.operations.length, index + 1]);
      }
      let bytes: Uint8Array = new Uint8Array();
      let durable = 0;
      for (const [index, operation] of fileSystem.operations.entries()) {
        bytes = applyOperation(bytes, operation);
        durable = flushed.findLast(([operations]) => operations <= index + 1)?.[1] ?? 0;
        if (durable > 0) await expectGrains(bytes, durable);
      }
      expect(durable).toBe(GRAINS.length);
    });

    it('has nothing in it that is taken for an image before the first flush', async () => {
      const fileSystem = new MemoryFileSystem();
      const writer = await createVmdk(PATH, { fileSystem, subformat, sizeBytes: 1100 * GRAIN });
      for (const grain of GRAINS) await writer.write(grain * GRAIN, new Uint8Array(GRAIN).fill(1));
      await expect(openVmdk(PATH, { fileSystem })).rejects.toMatchObject({ code: 'FORMAT_INVALID' });
    });
  },
);

it('a stream that was flushed on the way has one end, whoever reads it forwards', async () => {
  const fileSystem = new MemoryFileSystem();
  const writer = await createVmdk(PATH, {
    fileSystem,
    subformat: 'streamOptimized',
    sizeBytes: 1100 * GRAIN,
  });
  for (const grain of GRAINS) {
    await writer.write(grain * GRAIN, new Uint8Array(GRAIN).fill(5));
    await writer.flush();
  }
  const bytes = fileSystem.files.get(PATH) ?? new Uint8Array();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const seen: (number | string)[] = [];
  for (let at = GRAIN; at < bytes.byteLength; ) {
    const length = view.getUint32(at + 8, true);
    const type = view.getUint32(at + 12, true);
    if (length > 0) seen.push(Number(view.getBigUint64(at, true)) / 128);
    else if (type !== 1) seen.push(['end', 'table', 'directory', 'footer'][type] ?? 'unknown');
    at += length > 0 ? Math.ceil((12 + length) / 512) * 512 : 512 + Number(view.getBigUint64(at, true)) * 512;
  }
  expect(seen).toEqual([...GRAINS, 'directory', 'footer', 'end']);
});
