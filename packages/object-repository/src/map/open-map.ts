import type { RepositoryContext } from '../context.ts';
import { DiskMap } from './disk-map.ts';
import { ZERO_ID } from './map-node.ts';

/** The map of a disk whose root a manifest names. */
export function openMap(
  { configuration, chunks }: RepositoryContext,
  root: string | null,
  sizeBytes: number,
): DiskMap {
  const id = root === null ? ZERO_ID : Buffer.from(root, 'hex');
  const count = Math.ceil(sizeBytes / configuration.chunkBytes);
  return new DiskMap(id, count, (node, call) => chunks.load(node, call));
}

/** How a manifest names a root. */
export function rootText(id: Uint8Array): string | null {
  return id.every((byte) => byte === 0) ? null : Buffer.from(id).toString('hex');
}
