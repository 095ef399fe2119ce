import type { BlockWriter, Call } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import type { z } from 'zod';
import { WriterState } from '../writer-state.ts';
import { GrainIntake, type PackedGrain } from './grain-intake.ts';
import { GRAIN_WRITER_LIMITS } from './grain-writer-limits.ts';
import { streamVmdkOptionsSchema } from './options.ts';
import type { StreamEncoder } from './stream-encoder.ts';
import { streamEncoderOf } from './stream-vmdk.ts';

/** Takes the next bytes of a stream; resolves when it has room for more. Called one at a time. */
export type StreamSink = (bytes: Uint8Array) => Promise<void>;

/** How to write a stream; see {@link streamVmdkOptionsSchema}. `sizeBytes` is that of the disk, rounded up to sectors. */
export type StreamSinkOptions = z.input<typeof streamVmdkOptionsSchema> & {
  readonly sizeBytes: number;
  readonly sink: StreamSink;
};

/**
 * A writer of a disk whose streamOptimized image goes to `sink` as it is written: nothing is kept, no file is made. Rejects with
 * `CONFIG_INVALID`, and with `FORMAT_UNSUPPORTED` above 62 TiB.
 */
export async function createStreamVmdk(options: StreamSinkOptions): Promise<StreamSinkWriter> {
  const { sizeBytes, sink, ...plain } = options;
  const checked = await parseOptions(streamVmdkOptionsSchema, plain, 'a VMDK stream');
  return new StreamSinkWriter(streamEncoderOf(sizeBytes, checked), sizeBytes, sink);
}

/** See {@link createStreamVmdk}. The first flush ends the stream: nothing is written after it. */
export class StreamSinkWriter implements BlockWriter {
  readonly sizeBytes: number;
  readonly limits = GRAIN_WRITER_LIMITS;
  readonly rewritable = false;
  readonly untouched = 'zero';
  readonly #encoder: StreamEncoder;
  readonly #sink: StreamSink;
  readonly #state = new WriterState();
  readonly #grains = new GrainIntake(this.#state, (packed) => this.#send(packed));
  #phase: 'new' | 'writing' | 'ended' = 'new';

  constructor(encoder: StreamEncoder, sizeBytes: number, sink: StreamSink) {
    this.#encoder = encoder;
    this.sizeBytes = sizeBytes;
    this.#sink = sink;
  }

  write(offset: number, data: Uint8Array, call?: Call): Promise<void> {
    return this.#grains.write(offset, data, call);
  }

  zero(offset: number, length: number, call?: Call): Promise<void> {
    return this.#grains.zero(offset, length, call);
  }

  /** Sends what is left and the end of the stream. */
  async flush(call?: Call): Promise<void> {
    await this.#state.run('flush-image', call, async () => {
      if (this.#phase === 'ended') return;
      await this.#grains.drain();
      await this.#begin();
      this.#phase = 'ended';
      // no grain comes after it
      this.#state.pass(Number.MAX_SAFE_INTEGER);
      await this.#sink(this.#encoder.tail().bytes);
    });
  }

  /** What was not flushed is a stream without an end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#state.close();
    await this.#grains.abandon();
  }

  async #begin(): Promise<void> {
    if (this.#phase !== 'new') return;
    this.#phase = 'writing';
    await this.#sink(this.#encoder.head());
  }

  async #send({ grain, bytes }: PackedGrain): Promise<void> {
    if (bytes === undefined) return;
    await this.#begin();
    for (const piece of this.#encoder.grain(grain, bytes)) await this.#sink(piece);
  }
}
