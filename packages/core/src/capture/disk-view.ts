import type { BlockReader } from '../block/block-reader.ts';
import type { DiskSlot } from '../machine/disk-slot.ts';
import type { DiskId } from '../values/identifiers.ts';
import type { Changes } from './changes.ts';

/** One disk at one instant: the same shape from a source, a repository and a replica. */
export interface DiskView {
  readonly id: DiskId;
  readonly slot: DiskSlot;
  readonly sizeBytes: number;
  readonly sectorBytes: 512 | 4096;
  /** Belongs to the capture or point that gave the view and is closed with it. */
  readonly reader: BlockReader;
  readonly changes: Changes;
}
