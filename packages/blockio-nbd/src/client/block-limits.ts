import type { BlockLimits } from '@sendense/core';
import type { NbdExport } from './nbd-export.ts';

/** Longest call of a reader or writer; longer than a request, which the export cuts it into. */
const MAX_CALL_BYTES = 4 * 1024 * 1024;

/** The limits of an export as those of a reader or writer. */
export function blockLimits({ limits: { minBytes } }: NbdExport): BlockLimits {
  return {
    alignmentBytes: minBytes,
    maxBytes: MAX_CALL_BYTES,
    maxInFlight: 16,
    order: 'random',
  };
}
