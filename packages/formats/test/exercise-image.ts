import { type Call, SendenseError } from '@sendense/core';
import { addBitmap, checkQcow2, openQcow2, type Qcow2Image, removeBitmap } from '@sendense/formats/qcow2';
import type { FileSystem } from '@sendense/plugin-kit/files';

/** The most bytes of a disk that are read: hostile sizes are huge. */
const MAX_READ_BYTES = 1024 * 1024;

/** Uses everything that reads an image. Gives the number of steps that ended in data; other errors than ours are thrown. */
export async function exerciseImage(path: string, fileSystem: FileSystem, folder: string): Promise<number> {
  const steps = [
    () => readAll(path, fileSystem, folder),
    async () => {
      await checkQcow2(path, { fileSystem });
    },
    () => addBitmap(path, { fileSystem, name: 'fuzz', granularityBytes: 65_536 }),
    () => removeBitmap(path, 'a', { fileSystem }),
  ];
  let passed = 0;
  for (const step of steps) passed += await inDataOrOurError(step);
  return passed;
}

/** 1 when `step` succeeds, 0 when it fails with a SendenseError that is no defect. */
export async function inDataOrOurError(step: () => Promise<void>): Promise<number> {
  try {
    await step();
    return 1;
  } catch (error) {
    if (SendenseError.is(error) && error.code !== 'UNEXPECTED') return 0;
    throw error;
  }
}

async function readAll(path: string, fileSystem: FileSystem, folder: string): Promise<void> {
  await using image = await openQcow2(path, { fileSystem, parents: { folders: [folder] } });
  await inDataOrOurError(() => readEnds(image));
  await inDataOrOurError(() => drain(image.extents({ offset: 0, length: image.sizeBytes })));
  for (const { name } of image.bitmaps) {
    await inDataOrOurError(async () => drain(image.dirtyExtents(name)));
  }
}

async function readEnds(image: Qcow2Image, call?: Call): Promise<void> {
  const into = new Uint8Array(Math.min(image.sizeBytes, MAX_READ_BYTES));
  await image.read(0, into, call);
  await image.read(image.sizeBytes - into.byteLength, into, call);
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) void item;
}
