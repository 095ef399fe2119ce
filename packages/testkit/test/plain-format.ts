import { readFile } from 'node:fs/promises';
import { type BlockReader, type BlockWriter, SendenseError } from '@sendense/core';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { DiskContent, openMemoryReader, openMemoryWriter, overlay } from '../src/index.ts';

const MAGIC = 'PLAIN/01';
const HEADER_BYTES = 16;

/** The smallest format there is, for the kit's own tests: a magic, the size as u64, the bytes. */
export function serializePlain(content: DiskContent): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeBigUInt64LE(BigInt(content.sizeBytes), MAGIC.length);
  return Buffer.concat([header, content.bytes()]);
}

export async function openPlain(path: string): Promise<BlockReader> {
  const status = await nodeFileSystem.stat(path);
  if (status === undefined)
    throw new SendenseError('NOT_FOUND', `${path} does not exist`, { operation: 'open-image' });
  const bytes = await readFile(path);
  const valid =
    bytes.byteLength >= HEADER_BYTES &&
    bytes.toString('latin1', 0, MAGIC.length) === MAGIC &&
    bytes.readBigUInt64LE(MAGIC.length) === BigInt(bytes.byteLength - HEADER_BYTES);
  if (!valid)
    throw new SendenseError('FORMAT_INVALID', `${path} is no plain image`, { operation: 'open-image' });
  const content = new DiskContent(bytes.byteLength - HEADER_BYTES);
  content.write(0, bytes.subarray(HEADER_BYTES));
  return openMemoryReader(content);
}

export async function createPlain(path: string, sizeBytes: number): Promise<BlockWriter> {
  const content = new DiskContent(sizeBytes);
  const file = await nodeFileSystem.open(path, 'create');
  await file.write(serializePlain(content), 0);
  const writer = openMemoryWriter(content, { untouched: 'zero' });
  return overlay(writer, {
    async flush(call) {
      await writer.flush(call);
      await file.write(serializePlain(content), 0);
      await file.sync();
    },
    async [Symbol.asyncDispose]() {
      await writer[Symbol.asyncDispose]();
      await file[Symbol.asyncDispose]();
    },
  });
}
