import { BufferPool } from '@sendense/plugin-kit/chunks';
import { RUN_BYTES } from './frame-runs.ts';

/** Sizes of rooms, and how many of each are kept that nobody has: one frame of a chunk of 64 KiB, of one of 1 MiB, and a whole run. */
const SIZES: readonly { readonly bytes: number; readonly kept: number }[] = [
  { bytes: 65 * 1024, kept: 64 },
  { bytes: RUN_BYTES / 4, kept: 16 },
  { bytes: RUN_BYTES, kept: 8 },
];

/** Memory that runs of frames are read into, and that the next runs use again. */
export class RunRooms {
  readonly #pools = SIZES.map(({ bytes, kept }) => new BufferPool(bytes, kept));

  /** Bytes of the room for a run of `length`, which has memory of its own where it is longer than any room. */
  bytesFor(length: number): number {
    return this.#poolFor(length)?.bufferBytes ?? length;
  }

  /** A room for a run of `length`; `undefined` where it is longer than any. */
  take(length: number): Uint8Array | undefined {
    return this.#poolFor(length)?.take();
  }

  /** Takes back a room that nobody touches any more. */
  give(room: Uint8Array): void {
    this.#poolFor(room.byteLength)?.give(room);
  }

  #poolFor(length: number): BufferPool | undefined {
    return this.#pools.find(({ bufferBytes }) => length <= bufferBytes);
  }
}
