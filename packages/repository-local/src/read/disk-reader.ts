import type { BlockReader, ByteRange, Call, Extent, LocatedRange } from '@sendense/core';
import { SendenseError } from '@sendense/core';
import type { Qcow2Image } from '@sendense/formats/qcow2';
import type { ChainDigests } from '../digests/chain-digests.ts';
import { CLUSTER_BYTES } from '../digests/digest-page.ts';

/** What a disk of a point is read with; the reader owns the image. */
export type DiskReaderOptions = {
  readonly image: Qcow2Image;
  /** The disk's own size: the image is rounded up to 512. */
  readonly sizeBytes: number;
  readonly openDigests: () => Promise<ChainDigests>;
  readonly blake3: (data: Uint8Array) => Uint8Array;
};

/** Random reads of one disk of a point, through its whole chain. */
export class DiskReader implements BlockReader {
  readonly sizeBytes: number;
  readonly limits;
  readonly digestPieceBytes = CLUSTER_BYTES;
  readonly #options: DiskReaderOptions;
  readonly #walks = new Set<ChainDigests>();
  #closed: Promise<void> | undefined;

  constructor(options: DiskReaderOptions) {
    this.sizeBytes = options.sizeBytes;
    this.limits = options.image.limits;
    this.#options = options;
  }

  read(offset: number, into: Uint8Array, call?: Call): Promise<void> {
    return this.#options.image.read(offset, into, call);
  }

  extents(range: ByteRange, call?: Call): AsyncIterable<Extent> {
    return this.#options.image.extents(range, call);
  }

  locate(range: ByteRange, call?: Call): AsyncIterable<LocatedRange> {
    return this.#options.image.locate(range, call);
  }

  async *digests(pieces: AsyncIterable<ByteRange>, call?: Call): AsyncGenerator<Uint8Array> {
    const digests = await this.#options.openDigests();
    this.#walks.add(digests);
    try {
      for await (const piece of pieces) yield await this.#digest(digests, piece, call);
    } finally {
      this.#walks.delete(digests);
      await digests[Symbol.asyncDispose]();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#walks].map((digests) => digests[Symbol.asyncDispose]()));
    await this.#options.image[Symbol.asyncDispose]();
  }

  async #digest(digests: ChainDigests, piece: ByteRange, call: Call | undefined): Promise<Uint8Array> {
    if (this.#closed !== undefined) {
      throw new SendenseError('NOT_OPEN', 'the point reader was closed', { operation: 'read-digests' });
    }
    const known = await digests.at(piece.offset / CLUSTER_BYTES);
    if (known.kind === 'data') return known.digest;
    if (known.kind === 'zero') return new Uint8Array(0);
    // At the old end of a disk that has grown: cheap enough to make it anew.
    const data = new Uint8Array(piece.length);
    await this.read(piece.offset, data, call);
    return this.#options.blake3(data);
  }
}
