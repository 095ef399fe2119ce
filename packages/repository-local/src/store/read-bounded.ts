import { SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { withFile } from './with-file.ts';

/** How often a file is opened again that another host replaced while it was read (`ESTALE`). */
const ATTEMPTS = 5;

/** The whole content of a file; rejects with `CORRUPT` when it is larger than `maxBytes`. */
export async function readBounded(
  fileSystem: FileSystem,
  path: string,
  maxBytes: number,
): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readOnce(fileSystem, path, maxBytes);
    } catch (error) {
      if (attempt >= ATTEMPTS || !SendenseError.is(error, 'CONNECTION_LOST')) throw error;
    }
  }
}

async function readOnce(fileSystem: FileSystem, path: string, maxBytes: number): Promise<Uint8Array> {
  return withFile(fileSystem, path, 'read', async (file) => {
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
  });
}
