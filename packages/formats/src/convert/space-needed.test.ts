import type { ConvertRequest, DiskFormat } from '@sendense/core';
import { createDiskImage } from '@sendense/formats';
import { createFormatConverter } from '@sendense/formats/convert';
import { createMemoryFileSystem, seededBytes } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';

const KIB = 1024;
const MIB = 1024 * KIB;
const SECTOR = 512;

const { pairs } = createFormatConverter();

/** A disk with random bytes, of which nothing can be compressed, at places far apart; of `from`, the default subformat. */
async function diskOf(from: DiskFormat, sizeBytes: number, content: (offset: number) => Uint8Array) {
  const fileSystem = createMemoryFileSystem();
  await fileSystem.makeDirectory('/images');
  await using writer = await createDiskImage('/images/source', { fileSystem, format: from, sizeBytes });
  for (let offset = 0; offset + 256 * KIB <= sizeBytes; offset += 7 * MIB)
    await writer.write(offset, content(offset));
  await writer.flush();
  return fileSystem;
}

/** A source that knows no holes, or only large blocks, is taken for full where it may be. */
function mostTooMuch(from: DiskFormat): number {
  return from === 'qcow2' || from === 'vmdk' ? MIB : Number.POSITIVE_INFINITY;
}

describe('the space that a conversion says it needs', () => {
  it.each(pairs)('is enough, and hardly too much, from $from to $to $subformat', async (pair) => {
    for (const sizeBytes of [256 * KIB, 3 * MIB + SECTOR, 70 * MIB]) {
      const fileSystem = await diskOf(pair.from, sizeBytes, (offset) => seededBytes(offset, 256 * KIB));
      const request: ConvertRequest = {
        source: { path: '/images/source', format: pair.from },
        target: {
          path: '/images/target',
          format: pair.to,
          ...(pair.subformat && { subformat: pair.subformat }),
        },
        overwrite: false,
      };
      // With the most that is written between data: an end of the image at each MiB.
      const converter = createFormatConverter({ fileSystem, resume: true, checkpointBytes: MIB });
      const needed = await converter.requiredSpace(request);
      const { fileSizeBytes } = await converter.convert(request);
      expect(fileSizeBytes, `${sizeBytes} bytes`).toBeLessThanOrEqual(needed);
      expect(needed - fileSizeBytes, `${sizeBytes} bytes`).toBeLessThanOrEqual(mostTooMuch(pair.from));
    }
  });

  it('is enough where everything can be compressed', async () => {
    const fileSystem = await diskOf('qcow2', 70 * MIB, () => new Uint8Array(256 * KIB).fill(7));
    const converter = createFormatConverter({ fileSystem, resume: true, checkpointBytes: MIB });
    for (const [format, subformat] of [
      ['qcow2', 'compressed'],
      ['vmdk', 'streamOptimized'],
    ] as const) {
      const source = { path: '/images/source', format: 'qcow2' } as const;
      const target = { path: `/images/${subformat}`, format, subformat };
      const needed = await converter.requiredSpace({ source, target, overwrite: false });
      const { fileSizeBytes } = await converter.convert({ source, target, overwrite: false });
      expect(fileSizeBytes).toBeLessThanOrEqual(needed);
    }
  });
});
