import { SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';

/** The whole content of a file; rejects with `CORRUPT` when it is larger than `maxBytes`. */
export async function readBounded(
  fileSystem: FileSystem,
  path: string,
  maxBytes: number,
): Promise<Uint8Array> {
  await using file = await fileSystem.open(path, 'read');
  const sizeBytes = await file.size();
  if (sizeBytes > maxBytes) {
    throw new SendenseError('CORRUPT', `${path} has ${sizeBytes} bytes, more than ${maxBytes}`, {
      operation: 'read-record',
      context: { path, sizeBytes },
    });
  }
  const bytes = new Uint8Array(sizeBytes);
  const count = await file.read(bytes, 0);
  return bytes.subarray(0, count);
}
