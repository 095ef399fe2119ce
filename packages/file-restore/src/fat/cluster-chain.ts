import type { Call } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { NumberSet } from '../bytes/number-set.ts';
import type { FatLayout } from './boot-sector.ts';

const FIRST = 2;
/** Read of the table at once: a file that lies together needs few reads. A multiple of 12, so no entry is cut. */
const WINDOW_BYTES = 48 * 1024;

/**
 * The clusters of a file, as runs: blocks are clusters, those of the volume counted from the begin of the data area. A chain that
 * comes back to one of its own clusters, or leads to one that is none, rejects with `CORRUPT` before that cluster is given.
 */
export async function* clusterChain(
  source: ByteSource,
  layout: FatLayout,
  first: number,
  most: number,
  call?: Call,
): AsyncGenerator<BlockRun, void, undefined> {
  const { clusters, kind, fatAt, fatBytes } = layout;
  const entryBits = { fat12: 12, fat16: 16, fat32: 32 }[kind];
  const seen = new NumberSet();
  let window: Fields | undefined;
  let windowAt = -1;
  let cluster = first;
  for (let index = 0; index < most; index += 1) {
    if (cluster < FIRST || cluster >= clusters + FIRST)
      throw damaged('a chain of clusters leads outside of its file system', { cluster });
    if (!seen.add(cluster)) throw damaged('a chain of clusters goes round', { cluster });
    yield { fileBlock: index, blocks: 1, volumeBlock: cluster - FIRST };
    const at = Math.floor((cluster * entryBits) / 8);
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
function entryAt(window: Fields, at: number, cluster: number, kind: FatLayout['kind']): number | undefined {
  const end = { fat12: 0xff8, fat16: 0xfff8, fat32: 0x0ffffff8 }[kind];
  const width = kind === 'fat32' ? 4 : 2;
  if (at + width > window.bytes.byteLength) throw damaged('the allocation table ends early', { cluster });
  const raw = kind === 'fat32' ? window.u32(at) & 0x0fffffff : window.u16(at);
  const value = kind === 'fat12' ? (cluster % 2 === 0 ? raw & 0xfff : raw >> 4) : raw;
  return value >= end ? undefined : value;
}
