import { createFileDriver } from '@sendense/blockio-file';
import type { TargetContext } from './context.ts';

/** Size of the block device at `path` in bytes. */
export async function deviceBytes({ fileSystem }: TargetContext, path: string): Promise<number> {
  await using reader = await createFileDriver({}, { fileSystem }).openReader({ kind: 'device', path });
  return reader.sizeBytes;
}
