import type { DataFile } from './data-file.ts';

/**
 * What one layer of a chain says of `[start, end)` of its guest range: bytes stored as they are, proven zeros, nothing
 * (the layer below decides), or one compressed cluster. `file`: where the bytes lie, when not in the layer's `data`.
 */
export type Run =
  | {
      readonly kind: 'data';
      readonly start: number;
      readonly end: number;
      readonly hostOffset: number;
      readonly file?: DataFile;
    }
  | { readonly kind: 'zero' | 'absent'; readonly start: number; readonly end: number }
  | {
      readonly kind: 'compressed';
      readonly start: number;
      readonly end: number;
      readonly hostOffset: number;
      /** Bytes that may belong to the compressed cluster; what follows its end is of no meaning. */
      readonly hostLength: number;
      readonly file?: DataFile;
    };

/** A run that is one compressed cluster. */
export type CompressedRun = Extract<Run, { kind: 'compressed' }>;
