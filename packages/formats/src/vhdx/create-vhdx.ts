import { parseOptions } from '@sendense/plugin-kit';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import type { z } from 'zod';
import { roundUpSize, SIZE_RULES } from '../size-rules.ts';
import { createVhdxOptionsSchema } from './options.ts';
import { layoutOf } from './vhdx-layout.ts';
import { VhdxWriter } from './vhdx-writer.ts';

/** How to make a new VHDX; see {@link createVhdxOptionsSchema}. */
export type CreateVhdxOptions = z.input<typeof createVhdxOptionsSchema> & {
  readonly fileSystem?: FileSystem;
};

/**
 * Creates a VHDX (mode 0600), dynamic unless asked otherwise, and returns its writer. Rejects with `ALREADY_EXISTS`,
 * `CONFIG_INVALID` for wrong options, `FORMAT_UNSUPPORTED` for a disk larger than 64 TiB. Until the first flush the file is not a
 * valid image; dispose leaves it.
 */
export async function createVhdx(path: string, options: CreateVhdxOptions): Promise<VhdxWriter> {
  const { fileSystem = nodeFileSystem, ...plain } = options;
  const checked = await parseOptions(createVhdxOptionsSchema, plain, 'a new VHDX');
  const { blockBytes, logicalSectorBytes, subformat } = checked;
  const rule = { ...SIZE_RULES.vhdx, multipleBytes: logicalSectorBytes };
  const disk = {
    sizeBytes: roundUpSize(checked.sizeBytes, [rule]),
    blockBytes,
    logicalSectorBytes,
    physicalSectorBytes: Math.max(checked.physicalSectorBytes, logicalSectorBytes),
    keepsBlocks: subformat === 'fixed',
  };
  const handle = await fileSystem.open(path, 'create');
  const blocks = disk.keepsBlocks ? Math.ceil(disk.sizeBytes / blockBytes) : 0;
  try {
    // A driver writes inside a file only, and what is looked through for zeros has to be there.
    if (blocks > 0) await handle.truncate(layoutOf(disk).firstBlock + blocks * blockBytes);
  } catch (error) {
    await handle[Symbol.asyncDispose]();
    throw error;
  }
  return new VhdxWriter({
    handle,
    disk,
    ...(fileSystem.endpoint && { endpoint: fileSystem.endpoint(path) }),
  });
}
