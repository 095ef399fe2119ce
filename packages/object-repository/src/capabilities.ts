import type { RepositoryCapabilities } from '@sendense/core';

/** What an object repository offers, whatever its store. */
export const capabilities: RepositoryCapabilities = {
  incremental: true,
  branching: true,
  growDisk: true,
  encryption: true,
  dedup: true,
  immutability: false,
  plainFiles: false,
  sharedWriters: true,
  resumesPoint: true,
  partialVerify: true,
  maxDiskBytes: 2 ** 51,
  proof: {
    incremental: 'real',
    branching: 'real',
    growDisk: 'real',
    encryption: 'real',
    dedup: 'real',
    immutability: 'real',
    plainFiles: 'real',
    // by schedules of two writers in one process
    sharedWriters: 'model',
    resumesPoint: 'real',
    partialVerify: 'real',
    maxDiskBytes: 'model',
  },
};
