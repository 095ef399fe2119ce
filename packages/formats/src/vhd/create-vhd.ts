import { parseOptions } from '@sendense/plugin-kit';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import type { z } from 'zod';
import { newFooter } from './new-footer.ts';
import { createVhdOptionsSchema } from './options.ts';
import { VhdFixedWriter } from './vhd-fixed-writer.ts';
import { dynamicSize, fixedSize } from './vhd-size.ts';
import { VhdWriter } from './vhd-writer.ts';

/** How to make a new VHD; see {@link createVhdOptionsSchema}. */
export type CreateVhdOptions = z.input<typeof createVhdOptionsSchema> & { readonly fileSystem?: FileSystem };

/**
 * Creates a VHD (mode 0600), dynamic unless asked otherwise, and returns its writer. Rejects with `ALREADY_EXISTS`,
 * `CONFIG_INVALID` for wrong options, `FORMAT_UNSUPPORTED` for a disk larger than the format's 2040 GiB (for Azure: 32 TiB). Until
 * the first flush the file is not a valid image; dispose leaves it.
 */
export async function createVhd(
  path: string,
  options: CreateVhdOptions,
): Promise<VhdWriter | VhdFixedWriter> {
  const { fileSystem = nodeFileSystem, ...plain } = options;
  const checked = await parseOptions(createVhdOptionsSchema, plain, 'a new VHD');
  if (checked.subformat === 'fixed') {
    const sizeBytes = fixedSize(checked.sizeBytes, checked.azure);
    return await createFixed(path, fileSystem, sizeBytes, checked.sizeBytes);
  }
  const footer = newFooter('dynamic', dynamicSize(checked.sizeBytes), checked.sizeBytes);
  const handle = await fileSystem.open(path, 'create');
  const { blockBytes } = checked;
  return new VhdWriter({
    handle,
    footer,
    blockBytes,
    ...(fileSystem.endpoint && { endpoint: fileSystem.endpoint(path) }),
  });
}

async function createFixed(path: string, fileSystem: FileSystem, sizeBytes: number, askedBytes: number) {
  const handle = await fileSystem.open(path, 'create');
  try {
    await handle.truncate(sizeBytes);
    const footer = newFooter('fixed', sizeBytes, askedBytes);
    return new VhdFixedWriter({ path, kind: 'file', handle, sizeBytes, fresh: true }, footer);
  } catch (error) {
    await handle[Symbol.asyncDispose]();
    throw error;
  }
}
