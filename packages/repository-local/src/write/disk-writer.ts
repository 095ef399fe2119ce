import {
  type BlockLimits,
  type BlockReader,
  type BlockWriter,
  type Call,
  type CopyOptions,
  type CopyResult,
  type Extent,
  isZeroBytes,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import { type CopySink, copyIntoImage, type Qcow2Writer } from '@sendense/formats/qcow2';
import { type Blake3, DIGEST_BYTES } from '@sendense/plugin-kit/digest';
import type { ChainDigests } from '../digests/chain-digests.ts';
import { CLUSTER_BYTES } from '../digests/digest-page.ts';
import type { DigestWriter } from '../digests/digest-writer.ts';

/** What a disk of a point is written with; the writer owns both files. */
export type DiskWriterOptions = {
  readonly image: Qcow2Writer;
  readonly digests: DigestWriter;
  readonly sizeBytes: number;
  readonly blake3: Blake3;
  /** What the clusters must be, for content that is known already: a rewrite must not launder damage. */
  readonly expected?: Pick<ChainDigests, 'at'>;
};

/** Writes one disk of a point: the image, and a digest of each cluster beside it. */
export class DiskWriter implements BlockWriter, CopySink {
  readonly sizeBytes: number;
  readonly limits: BlockLimits;
  readonly rewritable = false;
  readonly untouched;
  readonly takesDigests = true;
  readonly #options: DiskWriterOptions;
  #dataBytes = 0;
  #zeroBytes = 0;
  #failed = false;
  #closed: Promise<void> | undefined;

  constructor(options: DiskWriterOptions) {
    const { image, sizeBytes } = options;
    this.sizeBytes = sizeBytes;
    this.limits = image.limits;
    this.untouched = image.untouched;
    this.#options = options;
  }

  /** Bytes of the extents written as data, as the disk counts them. */
  get dataBytes(): number {
    return this.#dataBytes;
  }

  /** Bytes of the extents that were made zero. */
  get zeroBytes(): number {
    return this.#zeroBytes;
  }

  /** The digest file, for its counts. */
  get digests(): DigestWriter {
    return this.#options.digests;
  }

  async write(offset: number, data: Uint8Array, call?: Call): Promise<void> {
    await this.#guarded('write-disk', call, () => this.#write(offset, data));
  }

  async zero(offset: number, length: number, call?: Call): Promise<void> {
    await this.#guarded('write-disk', call, () => this.#zero(offset, length));
  }

  /** A driver of the options moves and digests what it can reach; the files are the same as by writes. */
  async copyFrom(
    source: BlockReader,
    extents: AsyncIterable<Extent>,
    options?: CopyOptions,
  ): Promise<CopyResult> {
    const copy = { placer: this.#options.image, sink: this, source };
    return await this.#guarded('write-disk', options, () => copyIntoImage(copy, extents, options));
  }

  async placed(offset: number, length: number, digests: Uint8Array): Promise<void> {
    await this.#guarded('write-disk', undefined, async () => {
      const first = offset / CLUSTER_BYTES;
      for (let at = 0; at < length / CLUSTER_BYTES; at += 1) {
        const digest = digests.subarray(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES);
        await this.#addDigest(first + at, digest);
      }
      await this.#options.image.refer(offset, length);
      this.#dataBytes += length;
    });
  }

  async flush(call?: Call): Promise<void> {
    await this.#guarded('flush-disk', call, async () => {
      await this.#options.image.flush(call);
      await this.#options.digests.flush();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { image, digests } = this.#options;
    const closed = await Promise.allSettled([image[Symbol.asyncDispose](), digests[Symbol.asyncDispose]()]);
    if (closed.some(({ status }) => status === 'rejected')) this.#failed = true;
  }

  async #guarded<T>(operation: string, call: Call | undefined, run: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined || this.#failed) {
      throw new SendenseError('NOT_OPEN', 'the disk writer was closed or has failed', { operation });
    }
    throwIfAborted(call?.signal, operation);
    try {
      return await run();
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  async #write(offset: number, data: Uint8Array): Promise<void> {
    for (let from = 0; from < data.byteLength; ) {
      const isZero = isZeroBytes(data, from, clusterEnd(from, data));
      let to = clusterEnd(from, data);
      while (to < data.byteLength && isZeroBytes(data, to, clusterEnd(to, data)) === isZero) {
        to = clusterEnd(to, data);
      }
      if (isZero) await this.#zero(offset + from, to - from);
      else await this.#writeData(offset + from, data.subarray(from, to));
      from = to;
    }
  }

  async #writeData(offset: number, data: Uint8Array): Promise<void> {
    const { image, blake3 } = this.#options;
    for (let at = 0; at < data.byteLength; at += CLUSTER_BYTES) {
      await this.#addDigest((offset + at) / CLUSTER_BYTES, blake3(data.subarray(at, clusterEnd(at, data))));
    }
    await image.write(offset, data);
    this.#dataBytes += data.byteLength;
  }

  async #addDigest(cluster: number, digest: Uint8Array): Promise<void> {
    await this.#checkData(cluster, digest);
    await this.#options.digests.addData(cluster, digest);
  }

  async #zero(offset: number, length: number): Promise<void> {
    const { image, digests } = this.#options;
    const first = offset / CLUSTER_BYTES;
    const count = Math.ceil(length / CLUSTER_BYTES);
    await this.#checkZeros(first, first + count);
    await image.zero(offset, length);
    // Zeros of a full are what nobody wrote.
    if (this.untouched === 'base') {
      await digests.addZeros(first, count);
      this.#zeroBytes += length;
    }
  }

  async #checkData(cluster: number, digest: Uint8Array): Promise<void> {
    const known = await this.#options.expected?.at(cluster);
    if (known === undefined || known.kind === 'unknown') return;
    if (known.kind !== 'data' || Buffer.compare(known.digest, digest) !== 0) throw damaged(cluster);
  }

  async #checkZeros(first: number, end: number): Promise<void> {
    const { expected } = this.#options;
    if (expected === undefined) return;
    for (let cluster = first; cluster < end; ) {
      const known = await expected.at(cluster);
      if (known.kind === 'data') throw damaged(cluster);
      cluster = known.end;
    }
  }
}

function damaged(cluster: number): SendenseError {
  const offset = cluster * CLUSTER_BYTES;
  return new SendenseError('CORRUPT', `the stored data at byte ${offset} does not match its digest`, {
    operation: 'copy-point',
    remedy: 'run verify with depth data to see which file is damaged',
    context: { offset },
  });
}

function clusterEnd(from: number, data: Uint8Array): number {
  return Math.min(from + CLUSTER_BYTES, data.byteLength);
}
