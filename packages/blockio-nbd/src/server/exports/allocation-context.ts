import type { BlockReader } from '@sendense/core';
import { AllocationFlag } from '../../protocol/index.ts';
import type { ServedContext } from './served-export.ts';

/** Name of the context that tells data and zeros apart. */
export const ALLOCATION_CONTEXT = 'base:allocation';

const ZERO = AllocationFlag.hole | AllocationFlag.zero;

/** Context `base:allocation` of the extents of a reader: what is proven zeros is a hole that reads as zeros. */
export function allocationContext(reader: BlockReader): ServedContext {
  return {
    name: ALLOCATION_CONTEXT,
    async *status(range, call) {
      for await (const { offset, length, kind } of reader.extents(range, call)) {
        yield { offset, length, flags: kind === 'zero' ? ZERO : 0 };
      }
    },
  };
}
