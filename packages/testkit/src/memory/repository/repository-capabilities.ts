import type { RepositoryCapabilities } from '@sendense/core';

/** What the memory repository offers. */
export const memoryRepositoryCapabilities: RepositoryCapabilities = {
  incremental: true,
  branching: true,
  growDisk: true,
  encryption: false,
  dedup: true,
  immutability: false,
  plainFiles: false,
  sharedWriters: true,
  resumesPoint: false,
  maxDiskBytes: Number.MAX_SAFE_INTEGER,
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
    maxDiskBytes: 'real',
  },
};
