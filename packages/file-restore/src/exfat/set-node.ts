import type { Call } from '@sendense/core';
import { readBytes } from '../bytes/byte-source.ts';
import { checkInside, damaged } from '../bytes/damage.ts';
import { FIRST_CLUSTER } from '../fat/cluster-chain.ts';
import type { NodeId } from '../file-system-reader.ts';
import { allocatedBytes, type ExfatVolume } from './allocation.ts';
import { ENTRY_BYTES, type EntrySet, parseEntrySet, TYPE } from './entry-set.ts';

/** Where a set begins, in bytes of the volume, and whether its folder goes on behind its cluster, or as the table says. */
type SetPlace = { readonly at: number; readonly isContiguous: boolean };

/** The number of the entry on the volume, and a bit for how its folder goes on: a set may end in another cluster. */
export function nodeOf({ at, isContiguous }: SetPlace): NodeId {
  return (at / ENTRY_BYTES) * 2 + (isContiguous ? 1 : 0);
}

/** The byte of the volume where the set of a node begins. */
export function placeOf(node: NodeId): SetPlace {
  return { at: Math.floor(node / 2) * ENTRY_BYTES, isContiguous: node % 2 === 1 };
}

/** Reads the set of a node. Rejects with `CORRUPT`: it is none, or tells sizes that cannot be. */
export async function readEntrySet(volume: ExfatVolume, node: NodeId, call?: Call): Promise<EntrySet> {
  const { at, isContiguous } = placeOf(node);
  const { clusterBytes, heapAt } = volume.layout;
  checkInside(at - heapAt, ENTRY_BYTES, volume.heap.sizeBytes);
  const [type, secondary] = await readBytes(volume.heap, at - heapAt, ENTRY_BYTES, call);
  const length = (1 + (secondary ?? 0)) * ENTRY_BYTES;
  const offset = (at - heapAt) % clusterBytes;
  const first = Math.floor((at - heapAt) / clusterBytes) + FIRST_CLUSTER;
  const bytes = allocatedBytes(volume, { first, isContiguous, sizeBytes: offset + length });
  const set =
    type === TYPE.file && length > ENTRY_BYTES
      ? parseEntrySet(await bytes.load({ offset, length }, call))
      : undefined;
  if (set === undefined) throw damaged(`the entry at byte ${at} is damaged`, { entryAt: at });
  if (set.data.sizeBytes > volume.heap.sizeBytes || set.validBytes > set.data.sizeBytes)
    throw damaged(`the file at byte ${at} has a size that cannot be`, { entryAt: at });
  return set;
}
