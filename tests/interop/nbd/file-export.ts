import { open } from 'node:fs/promises';
import { createFileDriver } from '@sendense/blockio-file';
import type { ServedExport } from '@sendense/blockio-nbd/server';
import type { BlockReader, BlockWriter } from '@sendense/core';

/** A raw file with a stretch of data at each of these offsets, and holes between. */
export async function makeRawFile(
  path: string,
  sizeBytes: number,
  stretches: readonly { readonly offset: number; readonly data: Uint8Array }[],
): Promise<void> {
  await using file = await open(path, 'w');
  await file.truncate(sizeBytes);
  for (const { offset, data } of stretches) await file.write(data, 0, data.byteLength, offset);
}

/** An export of a raw file. */
export type FileExport = ServedExport &
  AsyncDisposable & { readonly reader: BlockReader; readonly writer: BlockWriter };

/** Opens a raw file for a server. */
export async function openFileExport(path: string): Promise<FileExport> {
  const driver = createFileDriver();
  const reader = await driver.openReader({ kind: 'file', path });
  const writer = await driver.openWriter({ kind: 'file', path });
  return {
    reader,
    writer,
    [Symbol.asyncDispose]: async () => {
      await reader[Symbol.asyncDispose]();
      await writer[Symbol.asyncDispose]();
    },
  };
}
