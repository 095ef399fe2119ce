import { type BlockReader, type BlockWriter, SendenseError } from '@sendense/core';
import { type CreateQcow2Options, createQcow2, openQcow2 } from '@sendense/formats/qcow2';
import { createRaw, openRaw } from '@sendense/formats/raw';
import { type BlockDeviceSubject, type DiskContent, openMemoryReader } from '@sendense/testkit';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

type ImageOptions = Omit<CreateQcow2Options, 'sizeBytes' | 'backing' | 'fileSystem'>;

/** Raw files for the conformance suites. */
export const rawSubject: BlockDeviceSubject = {
  name: 'raw',
  reader: {
    capabilities: { order: 'random', locate: true, digests: false },
    open: async (content) => {
      const folder = await temporaryFolder();
      await fill(await createRaw(folder.file('disk'), { sizeBytes: content.sizeBytes }), content);
      return {
        reader: await openRaw(folder.file('disk')),
        [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
      };
    },
  },
  writer: {
    capabilities: {
      durable: false,
      copyFrom: false,
      endpoint: true,
      order: 'random',
      rewritable: true,
      untouched: 'zero',
    },
    open: async (sizeBytes) => {
      const folder = await temporaryFolder();
      return {
        writer: await createRaw(folder.file('disk'), { sizeBytes }),
        stored: () => openRaw(folder.file('disk')),
        [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
      };
    },
  },
};

/** QCOW2 files for the conformance suites; `withBacking` puts the written image on top of a raw base. */
export function qcow2Subject(name: string, image: ImageOptions, withBacking: boolean): BlockDeviceSubject {
  const untouched = withBacking ? 'base' : 'zero';
  return {
    name,
    reader: {
      capabilities: { order: 'random', locate: true, digests: false },
      open: async (content) => {
        const folder = await temporaryFolder();
        const options = { ...image, sizeBytes: content.sizeBytes };
        await fill(await createQcow2(folder.file('disk'), options), content);
        return {
          reader: await openQcow2(folder.file('disk')),
          [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
        };
      },
    },
    writer: {
      capabilities: {
        durable: false,
        copyFrom: true,
        endpoint: false,
        order: 'ascending',
        rewritable: false,
        untouched,
      },
      open: async (sizeBytes, base) => {
        const folder = await temporaryFolder();
        if (withBacking) await fill(await createRaw(folder.file('base'), { sizeBytes }), base);
        const backing = withBacking ? { backing: { file: 'base', format: 'raw' } as const } : {};
        return {
          writer: await createQcow2(folder.file('disk'), { ...image, sizeBytes, ...backing }),
          stored: () => openStored(folder, base),
          [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
        };
      },
    },
  };
}

/** Writes the content that is not zeros, and closes. */
export async function fill(writer: BlockWriter, content: DiskContent): Promise<void> {
  const unit = Math.max(writer.limits.alignmentBytes, 4096);
  for (let offset = 0; offset < content.sizeBytes; offset += unit) {
    const data = content.bytes({ offset, length: Math.min(unit, content.sizeBytes - offset) });
    if (data.some((byte) => byte !== 0)) await writer.write(offset, data);
  }
  await writer.flush();
  await writer[Symbol.asyncDispose]();
}

/** Before the first flush there is no image: the destination is still what it was. */
async function openStored(folder: TemporaryFolder, base: DiskContent): Promise<BlockReader> {
  try {
    return await openQcow2(folder.file('disk'), { parents: { folders: [folder.path] } });
  } catch (error) {
    if (!SendenseError.is(error, 'FORMAT_INVALID')) throw error;
    return openMemoryReader(base);
  }
}
