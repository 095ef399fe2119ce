import type { DiskFormat } from '@sendense/core';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { isQcow2 } from './qcow2/header.ts';

/** Bytes that tell the formats apart. */
const PROBE_BYTES = 512;

/**
 * Guesses the format of a file from its first bytes; what is nothing else is `raw`. A guess is not proof: a guest can
 * write any header into its own raw disk, so state the format wherever it is known.
 */
export async function probeFormat(
  path: string,
  options: { readonly fileSystem?: FileSystem } = {},
): Promise<DiskFormat> {
  await using handle = await (options.fileSystem ?? nodeFileSystem).open(path, 'read');
  const bytes = new Uint8Array(PROBE_BYTES);
  const count = await handle.read(bytes, 0);
  return isQcow2(bytes.subarray(0, count)) ? 'qcow2' : 'raw';
}
