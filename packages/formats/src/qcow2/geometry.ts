import { INCOMPATIBLE } from './constants.ts';
import type { Qcow2Header } from './header.ts';

/** Sizes that follow from a header. */
export type Qcow2Geometry = {
  readonly clusterBytes: number;
  readonly clusterBits: number;
  readonly extendedL2: boolean;
  readonly l2EntryBytes: 8 | 16;
  readonly l2Entries: number;
  /** Guest bytes that one L2 table describes. */
  readonly l2CoverageBytes: number;
  readonly refcountBits: number;
  /** Refcounts in one refcount block. */
  readonly refcountsPerBlock: number;
};

/** The sizes that follow from `header`. */
export function geometryOf(
  header: Pick<Qcow2Header, 'clusterBits' | 'incompatible' | 'refcountOrder'>,
): Qcow2Geometry {
  const clusterBytes = 2 ** header.clusterBits;
  const extendedL2 = (header.incompatible & INCOMPATIBLE.extendedL2) !== 0;
  const l2EntryBytes = extendedL2 ? 16 : 8;
  const l2Entries = clusterBytes / l2EntryBytes;
  const refcountBits = 2 ** header.refcountOrder;
  return {
    clusterBytes,
    clusterBits: header.clusterBits,
    extendedL2,
    l2EntryBytes,
    l2Entries,
    l2CoverageBytes: l2Entries * clusterBytes,
    refcountBits,
    refcountsPerBlock: (clusterBytes * 8) / refcountBits,
  };
}
