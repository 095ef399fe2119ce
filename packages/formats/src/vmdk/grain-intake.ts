import { type Call, throwIfAborted } from '@sendense/core';
import { PackingLine } from '../compress/packing-line.ts';
import type { WriterState } from '../writer-state.ts';
import { GRAIN_BYTES } from './constants.ts';
import { deflateGrain } from './deflate-grain.ts';

/** A grain of a disk, compressed; `bytes` is absent where it is all zeros. */
export type PackedGrain = { readonly grain: number; readonly bytes: Uint8Array | undefined };

/** What is written to a streamOptimized image: compressed several grains at once, given on in their order. */
export class GrainIntake {
  readonly #state: WriterState;
  readonly #line: PackingLine<PackedGrain>;

  constructor(state: WriterState, next: (packed: PackedGrain) => Promise<void>) {
    this.#state = state;
    this.#line = new PackingLine(GRAIN_BYTES, next);
  }

  async write(offset: number, data: Uint8Array, call?: Call): Promise<void> {
    this.#state.checkForwards(offset);
    await this.#state.run('write-image', call, async () => {
      this.#state.pass(offset + data.byteLength);
      for (let from = 0; from < data.byteLength; from += GRAIN_BYTES) {
        throwIfAborted(call?.signal, 'write-image');
        const grain = (offset + from) / GRAIN_BYTES;
        const plain = data.subarray(from, from + GRAIN_BYTES);
        await this.#line.add(plain, async (own) => ({ grain, bytes: await deflateGrain(own) }));
      }
    });
  }

  async zero(offset: number, length: number, call?: Call): Promise<void> {
    this.#state.checkForwards(offset);
    await this.#state.run('write-image', call, async () => this.#state.pass(offset + length));
  }

  /** Resolves when every grain was given on. */
  drain(): Promise<void> {
    return this.#line.drain();
  }

  abandon(): Promise<void> {
    return this.#line.abandon();
  }
}
