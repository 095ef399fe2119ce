import type { TransferRequest, TransferResult } from '@sendense/core';
import { type Blake3Stream, DIGEST_BYTES } from '@sendense/plugin-kit/digest';
import type { Load, Part } from './load.ts';
import { countMoves } from './packed-moves.ts';
import { ZeroList } from './zero-list.ts';
import { zeroRuns } from './zero-runs.ts';

/** What a {@link Sink} works for. */
export type SinkOptions = {
  readonly request: TransferRequest;
  /** Absent where no digests are asked for. */
  readonly hasher: Blake3Stream | undefined;
  readonly write: (data: Uint8Array, position: number) => Promise<void>;
  readonly written: (bytes: number) => void;
};

/** Digests loads, notes their zero runs and begins the writes of the rest. */
export class Sink {
  readonly #options: SinkOptions;
  readonly #digests: Uint8Array;
  readonly #zeros = new ZeroList();
  /** Bytes by which what follows moves up. */
  #packed = 0;
  #failed: { readonly failure: unknown } | undefined;

  constructor(options: SinkOptions) {
    this.#options = options;
    const digests = options.hasher === undefined ? 0 : countMoves(options.request.moves);
    this.#digests = new Uint8Array(digests * DIGEST_BYTES);
  }

  /** Takes a load that lies in `data`, whose memory is in use until the promise resolves; it never rejects. */
  take(load: Load, data: Uint8Array): Promise<void> {
    const { zeros } = this.#options.request;
    const writes: Promise<void>[] = [];
    let at = 0;
    let pending = 0;
    for (const part of load.parts) {
      const bytes = data.subarray(at, at + part.length);
      this.#digest(part, bytes);
      for (const run of zeroRuns(bytes, zeros.pieceBytes)) {
        if (!run.zero) continue;
        this.#zeros.add(part.move, part.start + run.start, run.length);
        if (zeros.action === 'write') continue;
        writes.push(this.#write(load, data.subarray(pending, at + run.start), pending));
        pending = at + run.start + run.length;
        if (zeros.action === 'pack') this.#packed += run.length;
      }
      at += part.length;
    }
    writes.push(this.#write(load, data.subarray(pending, at), pending));
    return this.#settle(writes, load.length);
  }

  /** Throws the first failure of a write. */
  check(): void {
    if (this.#failed !== undefined) throw this.#failed.failure;
  }

  result(): TransferResult {
    const zeros = this.#zeros.packed();
    return this.#options.hasher === undefined ? { zeros } : { digests: this.#digests, zeros };
  }

  #digest({ move, last }: Part, bytes: Uint8Array): void {
    const { hasher } = this.#options;
    hasher?.update(bytes);
    if (last && hasher !== undefined) this.#digests.set(hasher.digest(), move * DIGEST_BYTES);
  }

  /** `start`: where `data` lies in the load. */
  async #write(load: Load, data: Uint8Array, start: number): Promise<void> {
    if (data.byteLength > 0) await this.#options.write(data, load.destination + start - this.#packed);
  }

  /** Waits for every write, also when one has failed. */
  async #settle(writes: readonly Promise<void>[], bytes: number): Promise<void> {
    try {
      for (const written of await Promise.allSettled(writes))
        if (written.status === 'rejected') throw written.reason;
      this.#options.written(bytes);
    } catch (failure) {
      this.#failed ??= { failure };
    }
  }
}
