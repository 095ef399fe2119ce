import type { BlockReader, BlockWriter } from '@sendense/core';
import { DiskContent } from './disk-content.ts';
import { type MemoryReaderOptions, openMemoryReader } from './memory-reader.ts';
import { type MemoryWriterOptions, openMemoryWriter } from './memory-writer.ts';

/** A disk in memory with readers and writers over it. */
export interface MemoryDisk {
  /** What was flushed to it; tests look here, and may change it. */
  readonly content: DiskContent;
  /** A reader over the bytes as they are now. */
  openReader(): BlockReader;
  /** A writer to the content. */
  openWriter(): BlockWriter;
}

/** How a memory disk behaves. */
export type MemoryDiskOptions = MemoryReaderOptions &
  MemoryWriterOptions & {
    readonly sizeBytes: number;
    /** What it holds at first. Default zeros. */
    readonly content?: DiskContent;
  };

/** Makes a disk in memory. */
export function createMemoryDisk(options: MemoryDiskOptions): MemoryDisk {
  const content = options.content ?? new DiskContent(options.sizeBytes);
  const untouched = options.untouched ?? (options.content === undefined ? 'zero' : 'base');
  return {
    content,
    openReader: () => openMemoryReader(content, options),
    openWriter: () => openMemoryWriter(content, { ...options, untouched }),
  };
}
