import type { BlockWriter } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { createDiskImage } from '../create-disk-image.ts';
import { isResumable } from '../writer-checkpoint.ts';
import type { ConverterContext } from './context.ts';
import type { ConversionFolder } from './conversion-folder.ts';
import type { TargetPlan } from './target-plan.ts';

/** Makes the image of a conversion, or goes on with the one that an earlier attempt began. */
export async function openTarget(
  { fileSystem }: ConverterContext,
  { image, checkpoint }: ConversionFolder,
  { format, subformat, askedBytes, azure, sectorBytes }: TargetPlan,
): Promise<BlockWriter> {
  const goesOn = checkpoint.doneBytes > 0;
  const to = await createDiskImage(image, {
    fileSystem: goesOn ? openingInstead(fileSystem) : fileSystem,
    format,
    azure,
    sectorBytes,
    sizeBytes: askedBytes,
    ...(subformat && { subformat }),
  });
  try {
    if (goesOn && isResumable(to)) await to.resume(checkpoint);
    return to;
  } catch (error) {
    await to[Symbol.asyncDispose]();
    throw error;
  }
}

/** Files that would be made are there already, and are opened with what they hold. */
function openingInstead(fileSystem: FileSystem): FileSystem {
  return {
    ...fileSystem,
    open: (path, mode) => fileSystem.open(path, mode === 'create' ? 'read-write' : mode),
  };
}
