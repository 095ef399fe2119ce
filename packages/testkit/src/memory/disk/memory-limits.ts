import type { BlockLimits } from '@sendense/core';

/** Limits of memory disks unless others are asked for: 512-byte sectors, 1 MiB a call, in any order. */
export const MEMORY_LIMITS: BlockLimits = {
  alignmentBytes: 512,
  maxBytes: 1024 * 1024,
  maxInFlight: 8,
  order: 'random',
};
