import { createHash, type Hash } from 'node:crypto';
import {
  type BlockLimits,
  type BlockWriter,
  type ByteRange,
  type Call,
  isZeroBytes,
  type PlannedDisk,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import { createStreamVmdk, type StreamSinkWriter } from '@sendense/formats/vmdk';
import type { FileHandle } from '@sendense/plugin-kit/files';
import type { PackageScope } from './package-context.ts';
import type { DiskPlace, PackageLayout } from './package-layout.ts';

const GRAIN_BYTES = 64 * 1024;

/** Whole grains, forwards. */
const LIMITS: BlockLimits = {
  alignmentBytes: GRAIN_BYTES,
  maxBytes: 8 * 1024 * 1024,
  maxInFlight: 1,
  order: 'ascending',
};

/** A VMDK on its way into its place. */
type Stream = {
  readonly place: DiskPlace;
  readonly handle: FileHandle;
  readonly hash: Hash;
  readonly writer: StreamSinkWriter;
  sizeBytes: number;
};

/**
 * Writes a disk in one go, as a streamOptimized VMDK where it stays. It is whole and durable once its last byte was written or zeroed:
 * the flush comes when all disks were copied, and in an archive the next one begins where this ends. Before that a flush only says
 * that nothing has failed so far, and what was written goes when the restore is resumed.
 */
export class PackageDisk implements BlockWriter {
  readonly sizeBytes: number;
  readonly limits = LIMITS;
  readonly rewritable = false;
  /** It would be zeros; but who leaves zeros out does not say where the disk ends. */
  readonly untouched = 'unknown';
  readonly planned: PlannedDisk;
  readonly #scope: PackageScope;
  readonly #layout: PackageLayout;
  readonly #turn: WritingTurn;
  #stream: Stream | undefined;
  #populatedBytes = 0;
  #state: 'open' | 'failed' | 'closed' = 'open';

  constructor(scope: PackageScope, layout: PackageLayout, planned: PlannedDisk, turn: WritingTurn) {
    this.#scope = scope;
    this.#layout = layout;
    this.#turn = turn;
    this.planned = planned;
    this.sizeBytes = planned.targetSizeBytes;
  }

  get isWhole(): boolean {
    return this.#scope.memory.disk(this.planned.id) !== undefined;
  }

  write(offset: number, data: Uint8Array, call?: Call): Promise<void> {
    return this.#change(offset, offset + data.byteLength, call, async ({ writer }) => {
      await writer.write(offset, data, call);
      for (let at = 0; at < data.byteLength; at += GRAIN_BYTES)
        if (!isZeroBytes(data.subarray(at, at + GRAIN_BYTES)))
          this.#populatedBytes += Math.min(GRAIN_BYTES, data.byteLength - at);
    });
  }

  zero(offset: number, length: number, call?: Call): Promise<void> {
    return this.#change(offset, offset + length, call, ({ writer }) => writer.zero(offset, length, call));
  }

  async flush(): Promise<void> {
    this.#check('flush-disk');
  }

  async *durable(): AsyncGenerator<ByteRange> {
    if (this.isWhole) yield { offset: 0, length: this.sizeBytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    await this.#close();
  }

  async #change(
    offset: number,
    end: number,
    call: Call | undefined,
    change: (stream: Stream) => Promise<void>,
  ): Promise<void> {
    this.#check('write-disk');
    throwIfAborted(call?.signal, 'write-disk');
    // what a disk is rounded up by is zero already
    if (this.isWhole && offset >= this.planned.sizeBytes) return;
    if (this.isWhole) throw this.#isWholeAlready();
    await this.#failing(async () => {
      const stream = await this.#open();
      await change(stream);
      if (end >= this.planned.sizeBytes) await this.#finish(stream, call);
    });
  }

  async #failing(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (this.#state === 'open') this.#state = 'failed';
      await this.#close();
      throw error;
    }
  }

  async #open(): Promise<Stream> {
    if (this.#stream !== undefined) return this.#stream;
    this.#turn.take(this.planned);
    const { context, run } = this.#scope;
    await run.fence.check();
    const place = await this.#layout.begin(this.planned);
    const handle = await context.fileSystem.open(place.path, 'read-write');
    const hash = createHash('sha256');
    const writer = await createStreamVmdk({
      sizeBytes: this.sizeBytes,
      sink: async (bytes) => {
        await handle.write(bytes, stream.place.offset + stream.sizeBytes);
        hash.update(bytes);
        stream.sizeBytes += bytes.byteLength;
      },
    });
    const stream: Stream = { place, handle, hash, writer, sizeBytes: 0 };
    this.#stream = stream;
    return stream;
  }

  async #finish(stream: Stream, call: Call | undefined): Promise<void> {
    const { writer, handle, place, hash } = stream;
    await writer.flush(call);
    await this.#layout.end(this.planned, place, stream.sizeBytes);
    await handle.sync();
    await this.#scope.memory.keep(this.planned.id, {
      offset: place.offset,
      sizeBytes: stream.sizeBytes,
      populatedBytes: this.#populatedBytes,
      sha256: hash.digest('hex'),
    });
    await this.#close();
  }

  async #close(): Promise<void> {
    const stream = this.#stream;
    this.#stream = undefined;
    this.#turn.give(this.planned);
    await stream?.writer[Symbol.asyncDispose]();
    await stream?.handle[Symbol.asyncDispose]();
  }

  #check(operation: string): void {
    if (this.#state === 'open') return;
    const why = this.#state === 'closed' ? 'was closed' : 'failed before and can only be disposed';
    throw new SendenseError('NOT_OPEN', `the writer of disk-${this.planned.number} ${why}`, { operation });
  }

  #isWholeAlready(): SendenseError {
    const message = `disk-${this.planned.number} is whole and is not written to any more`;
    return new SendenseError('NOT_OPEN', message, { operation: 'write-disk' });
  }
}

/** Who may write: in an archive one disk at a time, because the next begins where it ends. */
export class WritingTurn {
  readonly #isShared: boolean;
  #holder: PlannedDisk | undefined;

  constructor(isShared: boolean) {
    this.#isShared = isShared;
  }

  /** Throws `CONFLICT` while another disk is being written. */
  take(disk: PlannedDisk): void {
    if (this.#isShared) return;
    if (this.#holder !== undefined && this.#holder.id !== disk.id) {
      const message = `disk-${this.#holder.number} is not whole yet: the disks of an archive are written one after another`;
      throw new SendenseError('CONFLICT', message, {
        operation: 'write-disk',
        remedy: 'write and flush one disk before the next, or write a folder',
      });
    }
    this.#holder = disk;
  }

  give(disk: PlannedDisk): void {
    if (this.#holder?.id === disk.id) this.#holder = undefined;
  }
}
