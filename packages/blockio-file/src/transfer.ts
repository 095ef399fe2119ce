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

/** A part being read. Its failure is kept until it is taken, so that a read ahead never rejects unobserved. */
type Filled = { readonly part: Part; readonly data: Uint8Array; readonly failure?: unknown };

async function fill(part: Part, buffer: Uint8Array): Promise<Filled> {
  const data = buffer.subarray(0, part.length);
  try {
    await readExactly(part.from, data, part.source);
    return { part, data };
  } catch (failure) {
    return { part, data, failure };
  }
}

/** Digests and writes parts, and notes the zero runs. */
class Sink {
  readonly #job: TransferJob;
  readonly #hasher: Blake3Stream | undefined;
  readonly #digests: Uint8Array;
  readonly #zeros = new ZeroList();
  /** Bytes by which what follows moves up. */
  #packed = 0;

  constructor(job: TransferJob, hasher: Blake3Stream | undefined) {
    this.#job = job;
    this.#hasher = hasher;
    this.#digests = new Uint8Array(hasher === undefined ? 0 : countMoves(job.request.moves) * DIGEST_BYTES);
  }

  async take({ part, data }: Filled): Promise<void> {
    const { request, to } = this.#job;
    this.#hasher?.update(data);
    if (part.last && this.#hasher !== undefined) {
      this.#digests.set(this.#hasher.digest(), part.move * DIGEST_BYTES);
    }
    let pending = 0;
    for (const run of zeroRuns(data, request.zeros.pieceBytes)) {
      if (!run.zero) continue;
      this.#zeros.add(part.move, part.start + run.start, run.length);
      if (request.zeros.action === 'write') continue;
      await this.#write(to, part, data.subarray(pending, run.start), pending);
      pending = run.start + run.length;
      if (request.zeros.action === 'pack') this.#packed += run.length;
    }
    await this.#write(to, part, data.subarray(pending), pending);
  }

  async #write(to: OpenEndpoint, part: Part, data: Uint8Array, start: number): Promise<void> {
    if (data.byteLength > 0) await to.handle.write(data, part.destination + start - this.#packed);
  }

  result(): TransferResult {
    const zeros = this.#zeros.packed();
    return this.#hasher === undefined ? { zeros } : { digests: this.#digests, zeros };
  }
}

/**
 * Runs the moves one after another, reading one buffer ahead of the write. Settles only when neither a read nor a
 * write is under way, so nothing is written afterwards.
 */
export async function runTransfer(job: TransferJob, call?: Call): Promise<TransferResult> {
  const sink = new Sink(job, job.request.digest ? await createBlake3Stream() : undefined);
  const parts = partsOf(job);
  let buffer = new Uint8Array(job.bufferBytes);
  let spare = new Uint8Array(job.bufferBytes);
  const next = (): Promise<Filled> | undefined => {
    const { value: part } = parts.next();
    if (!part) return undefined;
    [buffer, spare] = [spare, buffer];
    return fill(part, buffer);
  };
  let reading = next();
  try {
    while (reading !== undefined) {
      const filled: Filled = await reading;
      throwIfAborted(call?.signal, 'transfer');
      if (filled.failure !== undefined) throw filled.failure;
      reading = next();
      await sink.take(filled);
      job.progress.add(filled.part.length);
    }
  } finally {
    await reading;
  }
  throwIfAborted(call?.signal, 'transfer');
  return sink.result();
}
