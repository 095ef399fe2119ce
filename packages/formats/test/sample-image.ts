import { addBitmap, createQcow2 } from '@sendense/formats/qcow2';
import { createRaw } from '@sendense/formats/raw';
import { MemoryFileSystem } from './memory-file-system.ts';

/** Folder and names of the sample chain. */
export const FOLDER = '/images';
export const IMAGE = `${FOLDER}/disk.qcow2`;
export const BASE = `${FOLDER}/base.raw`;

/** Size of the sample disk in bytes: 64 clusters and a piece. */
export const SAMPLE_BYTES = 64 * 4096 + 512;

/** How the sample image is made. */
export type SampleOptions = {
  readonly compression?: 'zlib' | 'zstd';
  readonly backing?: boolean;
  readonly bitmaps?: readonly string[];
  readonly clusterBytes?: number;
};

/** A small image in memory: data, holes, zeros over a base, compressed clusters and bitmaps as asked for. */
export async function sampleImage(options: SampleOptions = {}): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem();
  if (options.backing === true) {
    const base = await createRaw(BASE, { fileSystem, sizeBytes: SAMPLE_BYTES });
    await base.write(0, new Uint8Array(SAMPLE_BYTES).fill(0x42));
  }
  const writer = await createQcow2(IMAGE, {
    fileSystem,
    sizeBytes: SAMPLE_BYTES,
    clusterBytes: options.clusterBytes ?? 4096,
    ...(options.compression === undefined ? {} : { compression: options.compression }),
    ...(options.backing === true ? { backing: { file: 'base.raw', format: 'raw' } } : {}),
  });
  for (let cluster = 0; cluster < 60; cluster += 4) {
    await writer.write(cluster * 4096, new Uint8Array(8192).fill(cluster + 1));
    await writer.zero((cluster + 2) * 4096, 4096);
  }
  await writer.flush();
  await writer[Symbol.asyncDispose]();
  for (const name of options.bitmaps ?? [])
    await addBitmap(IMAGE, { fileSystem, name, granularityBytes: 512 });
  fileSystem.opened.length = 0;
  fileSystem.operations.length = 0;
  return fileSystem;
}

/** Overwrites bytes of a file of the sample. */
export function patch(
  fileSystem: MemoryFileSystem,
  path: string,
  position: number,
  data: Iterable<number>,
): void {
  fileSystem.files.get(path)?.set([...data], position);
}

/** A view of the bytes of a file of the sample. */
export function viewOf(fileSystem: MemoryFileSystem, path: string = IMAGE): DataView {
  const bytes = fileSystem.files.get(path) ?? new Uint8Array();
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
