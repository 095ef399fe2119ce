import type { WriterCheckpoint } from '../writer-checkpoint.ts';

/** Where the blocks of a new image lie in its file. Blocks are numbered from the start of the disk. */
export interface BlockPlaces {
  readonly blockBytes: number;
  /** Offset in the file behind everything given out so far. */
  readonly endBytes: number;
  /** Offset in the file of the data of `block`; `undefined` while it has no place. */
  find(block: number): number | undefined | Promise<number | undefined>;
  /** The first block from `block` on, up to `end`, that may have a place. */
  next(block: number, end: number): number;
  /** Finds room for one more block: the offset of its data, which reads as zeros. It belongs to none yet. */
  take(): Promise<number>;
  /** Takes back room that nothing was written to. */
  giveBack(position: number): void;
  /** Takes over the places that blocks had at a checkpoint of the same image; nothing was given out here before. */
  resume(checkpoint: WriterCheckpoint, sizeBytes: number): Promise<void>;
  /** Gives room that was taken to `block`. */
  refer(block: number, position: number): Promise<void>;
}
