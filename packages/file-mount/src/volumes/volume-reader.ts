import type { BlockLimits, BlockReader, ByteRange, Call, Extent } from '@sendense/core';
import type { ByteSource } from '@sendense/file-restore';

/** A volume as a disk that NBD clients read, and that knows when it was read last. */
export class VolumeReader implements BlockReader {
  readonly sizeBytes: number;
  readonly limits: BlockLimits = {
    alignmentBytes: 1,
    maxBytes: 32 * 1024 * 1024,
    maxInFlight: 16,
    order: 'random',
  };
  readonly #bytes: ByteSource;
  readonly #onRead: () => void;

  constructor(bytes: ByteSource, onRead: () => void) {
    this.#bytes = bytes;
    this.#onRead = onRead;
    this.sizeBytes = bytes.sizeBytes;
  }

  async read(offset: number, into: Uint8Array, call?: Call): Promise<void> {
    this.#onRead();
    await this.#bytes.read(offset, into, call);
  }

  /** Whether a logical volume has holes is not known. */
  async *extents({ offset, length }: ByteRange): AsyncGenerator<Extent, void, undefined> {
    yield { offset, length, kind: 'data' };
  }

  /** The disks below are closed by whoever opened them. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
