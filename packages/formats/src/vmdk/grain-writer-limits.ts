import type { BlockLimits } from '@sendense/core';
import { GRAIN_BYTES } from './constants.ts';

/** What the writers of grains ask of their callers: whole grains, forwards. */
export const GRAIN_WRITER_LIMITS = {
  alignmentBytes: GRAIN_BYTES,
  maxBytes: 8 * 1024 * 1024,
  maxInFlight: 1,
  order: 'ascending',
} as const satisfies BlockLimits;
