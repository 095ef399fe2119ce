import type { BlockLimits } from '@sendense/core';

/**
 * Files take any offset. Devices are read and written through the page cache by whole 512-byte sectors, the smallest
 * that Linux knows. Calls run on the four threads that Node has for files, so more than 16 queued ones only cost memory.
 */
export function limitsOf(kind: 'file' | 'device'): BlockLimits {
  return {
    alignmentBytes: kind === 'device' ? 512 : 1,
    maxBytes: 16 * 1024 * 1024,
    maxInFlight: 16,
    order: 'random',
  };
}

/** The limits of an export; a call is cut into the requests that its server takes. */
export function nbdLimits(alignmentBytes: number): BlockLimits {
  return { alignmentBytes, maxBytes: 4 * 1024 * 1024, maxInFlight: 16, order: 'random' };
}
