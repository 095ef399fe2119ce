import type { BlockReader, Extent } from '@sendense/core';
import type { DatastoreFile, DatastoreFiles } from '@sendense/platform-vmware';

const LIMITS = {
  alignmentBytes: 1,
  maxBytes: 8 * 1024 * 1024,
  // a stream of a host gives 30 to 100 MB/s; several give more
  maxInFlight: 4,
  order: 'random',
} as const;

/** A disk whose bytes lie in one file, each at its place. The file is frozen by a snapshot. */
export function flatDisk(files: DatastoreFiles, file: DatastoreFile, sizeBytes: number): BlockReader {
  return {
    sizeBytes,
    limits: LIMITS,
    read: (offset, into, call) => files.read(file, offset, into, call),
    async *extents({ offset, length }) {
      yield { offset, length, kind: 'data' } satisfies Extent;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
