import { type Call, type TransferRequest, type TransferResult, throwIfAborted } from '@sendense/core';
import { type Blake3Stream, createBlake3Stream, DIGEST_BYTES } from '@sendense/plugin-kit/digest';
import type { OpenEndpoint } from './open-endpoint.ts';
import { countMoves, moveAt } from './packed-moves.ts';
import type { ProgressMeter } from './progress-meter.ts';
import { readExactly } from './read-exactly.ts';
import { ZeroList } from './zero-list.ts';
import { zeroRuns } from './zero-runs.ts';

/** A transfer whose files are open and whose moves are checked. */
export type TransferJob = {
  readonly request: TransferRequest;
  readonly from: readonly OpenEndpoint[];
  readonly to: OpenEndpoint;
  readonly bufferBytes: number;
  readonly progress: ProgressMeter;
};

/** A part of a move, small enough for a buffer. */
type Part = {
  readonly move: number;
  /** Offset in the move. */
  readonly start: number;
  readonly length: number;
  readonly from: OpenEndpoint;
  readonly source: number;
  readonly destination: number;
  readonly last: boolean;
};

function* partsOf({ request, from, bufferBytes }: TransferJob): Generator<Part> {
  const count = countMoves(request.moves);
  for (let index = 0; index < count; index++) {
    const move = moveAt(request.moves, index);
    const source = from[move.from];
    if (source === undefined) continue; // checkMoves has refused it
    for (let start = 0; start < move.length; start += bufferBytes) {
      const length = Math.min(bufferBytes, move.length - start);
      yield {
        move: index,
        start,
        length,
        from: source,
        source: move.source + start,
        destination: move.destination + start,
        last: start + length === move.length,
      };
    }
  }
}

/** Buffers of a transfer: one is read into, one digested, two are written. One write at a time leaves the destination idle. */
const BUFFERS = 4;

/** A buffer, and the writes out of it; `written` never rejects. */
type Slot = { readonly buffer: Uint8Array; written: Promise<void> };

/** A part that was read. A failure is kept until it is taken, so that a read ahead never rejects unobserved. */
type Filled = { readonly part: Part; readonly slot: Slot; readonly failure?: unknown };

async function fill(part: Part, slot: Slot): Promise<Filled> {
  await slot.written;
  try {
    await readExactly(part.from, slot.buffer.subarray(0, part.length), part.source);
    return { part, slot };
  } catch (failure) {
    return { part, slot, failure };
  }
}

/** Digests parts, notes the zero runs and begins the writes of the rest. */
class Sink {
  readonly #job: TransferJob;
  readonly #hasher: Blake3Stream | undefined;
  readonly #digests: Uint8Array;
  readonly #zeros = new ZeroList();
  /** Bytes by which what follows moves up. */
  #packed = 0;
  #failed: { readonly failure: unknown } | undefined;

  constructor(job: TransferJob, hasher: Blake3Stream | undefined) {
    this.#job = job;
    this.#hasher = hasher;
    this.#digests = new Uint8Array(hasher === undefined ? 0 : countMoves(job.request.moves) * DIGEST_BYTES);
  }

  /** Takes a part; what is written of it stays in its slot until `written`. */
  take({ part, slot }: Filled): void {
    const data = slot.buffer.subarray(0, part.length);
    const { request } = this.#job;
    this.#hasher?.update(data);
    if (part.last && this.#hasher !== undefined) {
      this.#digests.set(this.#hasher.digest(), part.move * DIGEST_BYTES);
    }
    const writes: Promise<void>[] = [];
    let pending = 0;
    for (const run of zeroRuns(data, request.zeros.pieceBytes)) {
      if (!run.zero) continue;
      this.#zeros.add(part.move, part.start + run.start, run.length);
      if (request.zeros.action === 'write') continue;
      writes.push(this.#write(part, data.subarray(pending, run.start), pending));
      pending = run.start + run.length;
      if (request.zeros.action === 'pack') this.#packed += run.length;
    }
    writes.push(this.#write(part, data.subarray(pending), pending));
    slot.written = this.#settle(writes, part.length);
  }

  /** Throws the first failure of a write. */
  check(): void {
    if (this.#failed !== undefined) throw this.#failed.failure;
  }

  async #write(part: Part, data: Uint8Array, start: number): Promise<void> {
    if (data.byteLength > 0) await this.#job.to.handle.write(data, part.destination + start - this.#packed);
  }

  /** Waits for every write, also when one has failed. */
  async #settle(writes: readonly Promise<void>[], bytes: number): Promise<void> {
    try {
      for (const written of await Promise.allSettled(writes))
        if (written.status === 'rejected') throw written.reason;
      this.#job.progress.add(bytes);
    } catch (failure) {
      this.#failed ??= { failure };
    }
  }

  result(): TransferResult {
    const zeros = this.#zeros.packed();
    return this.#hasher === undefined ? { zeros } : { digests: this.#digests, zeros };
  }
}

/**
 * Runs the moves one after another: while a buffer is digested the next is read and those before are written. Settles only when
 * neither a read nor a write is under way, so nothing is written afterwards.
 */
export async function runTransfer(job: TransferJob, call?: Call): Promise<TransferResult> {
  const sink = new Sink(job, job.request.digest ? await createBlake3Stream() : undefined);
  const parts = partsOf(job);
  const slots: Slot[] = [];
  let taken = 0;
  const next = (): Promise<Filled> | undefined => {
    const { value: part } = parts.next();
    if (!part) return undefined;
    const slot = slots[taken % BUFFERS] ?? {
      buffer: new Uint8Array(job.bufferBytes),
      written: Promise.resolve(),
    };
    slots[taken % BUFFERS] = slot;
    taken += 1;
    return fill(part, slot);
  };
  let reading = next();
  try {
    while (reading !== undefined) {
      const filled: Filled = await reading;
      throwIfAborted(call?.signal, 'transfer');
      sink.check();
      if (filled.failure !== undefined) throw filled.failure;
      reading = next();
      sink.take(filled);
    }
  } finally {
    await reading;
    for (const { written } of slots) await written;
  }
  throwIfAborted(call?.signal, 'transfer');
  sink.check();
  return sink.result();
}
