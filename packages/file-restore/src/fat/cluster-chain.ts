import type { Call } from '@sendense/core';
import { type BlockRun, joinRuns } from '../bytes/block-run.ts';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { NumberSet } from '../bytes/number-set.ts';

/** Clusters are numbered from here on. */
export const FIRST_CLUSTER = 2;
/** Read of the table at once: a file that lies together needs few reads. A multiple of 12, so no entry is cut. */
const WINDOW_BYTES = 48 * 1024;

/** Where the table of clusters lies, in bytes, and how wide its entries are; `clusters`: those of the data area. */
export type AllocationTable = {
  readonly kind: 'fat12' | 'fat16' | 'fat32' | 'exfat';
  readonly clusters: number;
  readonly fatAt: number;
  readonly fatBytes: number;
};

/** Of an entry; of the 32 bits of FAT32 four are reserved. */
const ENTRY_BITS = { fat12: 12, fat16: 16, fat32: 32, exfat: 32 } as const;
const MASK = { fat12: 0xfff, fat16: 0xffff, fat32: 0x0fff_ffff, exfat: 0xffff_ffff } as const;
/** From here on below the mask, an entry ends a chain. */
const END_BELOW_MASK = 7;

/** The first `wanted` clusters of a chain, joined; one that ends before them rejects with `CORRUPT`: neither FAT nor exFAT has holes. */
export async function* wholeChain(
  source: ByteSource,
  table: AllocationTable,
  first: number,
  wanted: number,
  call?: Call,
): AsyncGenerator<BlockRun, void, undefined> {
  let found = 0;
  for await (const run of joinRuns(clusterChain(source, table, first, wanted, call))) {
    found = run.fileBlock + run.blocks;
    yield run;
  }
  if (found < wanted) throw damaged('the chain of clusters of a file ends early', { cluster: first });
}

/**
 * The clusters of a file, as runs: blocks are clusters, those of the volume counted from the begin of the data area. A chain that
 * comes back to one of its own clusters, or leads to one that is none, rejects with `CORRUPT` before that cluster is given.
 */
export async function* clusterChain(
  source: ByteSource,
  { clusters, kind, fatAt, fatBytes }: AllocationTable,
  first: number,
  most: number,
  call?: Call,
): AsyncGenerator<BlockRun, void, undefined> {
  const seen = new NumberSet();
  let window: Fields | undefined;
  let windowAt = -1;
  let cluster = first;
  for (let index = 0; index < most; index += 1) {
    if (cluster < FIRST_CLUSTER || cluster >= clusters + FIRST_CLUSTER)
      throw damaged('a chain of clusters leads outside of its file system', { cluster });
    if (!seen.add(cluster)) throw damaged('a chain of clusters goes round', { cluster });
    yield { fileBlock: index, blocks: 1, volumeBlock: cluster - FIRST_CLUSTER };
    const at = Math.floor((cluster * ENTRY_BITS[kind]) / 8);
    const begin = at - (at % WINDOW_BYTES);
    if (window === undefined || begin !== windowAt) {
      window = new Fields(
        await readBytes(source, fatAt + begin, Math.min(WINDOW_BYTES, fatBytes - begin), call),
      );
      windowAt = begin;
    }
    const next = entryAt(window, at - begin, cluster, kind);
    if (next === undefined) return;
    cluster = next;
  }
}

/** The cluster that follows; `undefined` at the end of a chain. */
function entryAt(
  window: Fields,
  at: number,
  cluster: number,
  kind: AllocationTable['kind'],
): number | undefined {
  const isWide = ENTRY_BITS[kind] === 32;
  if (at + (isWide ? 4 : 2) > window.bytes.byteLength)
    throw damaged('the allocation table ends early', { cluster });
  const raw = isWide ? window.u32(at) : window.u16(at);
  const shifted = kind === 'fat12' && cluster % 2 === 1 ? raw >> 4 : raw;
  const value = (shifted & MASK[kind]) >>> 0;
  return value >= MASK[kind] - END_BELOW_MASK ? undefined : value;
}
