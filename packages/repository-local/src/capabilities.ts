import type { RepositoryCapabilities } from '@sendense/core';

/** The largest disk that QEMU opens with 64 KiB clusters: an L1 table of 32 MiB, 512 MiB for each entry. */
export const MAX_DISK_BYTES = 2 ** 51;

/** What a local repository offers. */
export const capabilities: RepositoryCapabilities = {
  incremental: true,
  branching: true,
  growDisk: true,
  encryption: false,
  dedup: false,
  immutability: false,
  plainFiles: true,
  sharedWriters: true,
  resumesPoint: false,
  maxDiskBytes: MAX_DISK_BYTES,
  proof: {
    incremental: 'real',
    branching: 'real',
    growDisk: 'real',
    encryption: 'real',
    dedup: 'real',
    immutability: 'real',
    plainFiles: 'real',
    sharedWriters: 'real',
    resumesPoint: 'real',
    maxDiskBytes: 'model',
  },
};
