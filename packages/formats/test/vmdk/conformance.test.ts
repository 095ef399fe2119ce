import { type BlockReader, SendenseError } from '@sendense/core';
import { type CreateVmdkOptions, createVmdk, openVmdk } from '@sendense/formats/vmdk';
import {
  type BlockDeviceSubject,
  blockDeviceConformance,
  blockWriterConformance,
  type DiskContent,
  openMemoryReader,
} from '@sendense/testkit';
import { describe, it } from 'vitest';
import { fill } from '../image-subjects.ts';
import { type TemporaryFolder, temporaryFolder } from '../temporary-folder.ts';

function vmdkSubject(subformat: NonNullable<CreateVmdkOptions['subformat']>): BlockDeviceSubject {
  const flat = subformat === 'monolithicFlat';
  return {
    name: `vmdk, ${subformat}`,
    reader: {
      capabilities: { order: 'random', locate: true, digests: false },
      open: async (content) => {
        const folder = await temporaryFolder();
        await fill(await createVmdk(disk(folder), { subformat, sizeBytes: content.sizeBytes }), content);
        return { reader: await openIn(folder), [Symbol.asyncDispose]: folder[Symbol.asyncDispose] };
      },
    },
    writer: {
      capabilities: {
        durable: false,
        copyFrom: subformat === 'monolithicSparse',
        endpoint: flat,
        order: flat ? 'random' : 'ascending',
        rewritable: flat,
        untouched: 'zero',
      },
      open: async (sizeBytes, base) => {
        const folder = await temporaryFolder();
        return {
          writer: await createVmdk(disk(folder), { subformat, sizeBytes }),
          stored: () => openStored(folder, base),
          [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
        };
      },
    },
  };
}

function disk(folder: TemporaryFolder): string {
  return folder.file('disk.vmdk');
}

function openIn(folder: TemporaryFolder): Promise<BlockReader> {
  return openVmdk(disk(folder), { parents: { folders: [folder.path] } });
}

/** Before the first flush there is no image: the destination is still what it was. */
async function openStored(folder: TemporaryFolder, base: DiskContent): Promise<BlockReader> {
  try {
    return await openIn(folder);
  } catch (error) {
    if (!SendenseError.is(error, 'FORMAT_INVALID')) throw error;
    return openMemoryReader(base);
  }
}

blockDeviceConformance({ describe, it }, vmdkSubject('monolithicSparse'));
blockDeviceConformance({ describe, it }, vmdkSubject('monolithicFlat'));
// A stream can be located nowhere, and says so only where it holds data.
const stream = vmdkSubject('streamOptimized');
blockWriterConformance({ describe, it }, { name: stream.name, ...stream.writer });
