import type { Extent } from '../values/extent.ts';
import type { BlockEndpoint } from './block-endpoint.ts';
import { MOVE_SLOTS } from './transfer.ts';

/** The first transfer begins before much is planned. */
const FIRST_BATCH_BYTES = 64 * 1024 * 1024;
/** A transfer of this size is long enough that its start and its end cost nothing. */
const BATCH_BYTES = 256 * 1024 * 1024;
/** Moves of one transfer at most: 256 KiB of slots. */
const BATCH_MOVES = 8192;

/** A state of a batch to return to. */
export type BatchMark = { readonly slots: number; readonly bytes: number };

/** Moves that are collected for one transfer. */
export class MoveBatch {
  readonly endpoints: BlockEndpoint[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #slots: number[] = [];
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes = FIRST_BATCH_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** The batch that comes after this one. */
  next(): MoveBatch {
    return new MoveBatch(BATCH_BYTES);
  }

  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes || this.#slots.length >= BATCH_MOVES * MOVE_SLOTS;
  }

  mark(): BatchMark {
    return { slots: this.#slots.length, bytes: this.#bytes };
  }

  /** Forgets what was added since the mark. */
  reset({ slots, bytes }: BatchMark): void {
    this.#slots.length = slots;
    this.#bytes = bytes;
  }

  /** Adds a move. */
  add(endpoint: BlockEndpoint, source: number, destination: number, length: number): void {
    this.#slots.push(this.#indexOf(endpoint), source, destination, length);
    this.#bytes += length;
  }

  /** The moves as a transfer takes them. */
  packed(): Float64Array {
    return Float64Array.from(this.#slots);
  }

  #indexOf(endpoint: BlockEndpoint): number {
    const key = JSON.stringify(endpoint);
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    this.#indexes.set(key, this.endpoints.length);
    return this.endpoints.push(endpoint) - 1;
  }
}

/** Packed moves of the first `bytes` bytes, at least one, and the others; a move may be cut in two. */
export function splitMoves(moves: Float64Array, bytes: number): [now: Float64Array, later: Float64Array] {
  let left = Math.max(1, bytes);
  for (let at = 0; at < moves.length; at += MOVE_SLOTS) {
    const [from = 0, source = 0, destination = 0, length = 0] = moves.subarray(at, at + MOVE_SLOTS);
    if (length <= left) {
      left -= length;
      continue;
    }
    const now = [...moves.subarray(0, at), ...(left > 0 ? [from, source, destination, left] : [])];
    const rest = [from, source + left, destination + left, length - left];
    const later = [...rest, ...moves.subarray(at + MOVE_SLOTS)];
    return [Float64Array.from(now), Float64Array.from(later)];
  }
  return [moves, new Float64Array()];
}

/** Bytes that packed moves copy. */
export function sumOf(moves: Float64Array): number {
  let bytes = 0;
  for (let at = MOVE_SLOTS - 1; at < moves.length; at += MOVE_SLOTS) bytes += moves[at] ?? 0;
  return bytes;
}

/** What moves copy: at the destination, bytes lie as they are on the disk. */
export async function* destinationsOf(moves: Float64Array): AsyncGenerator<Extent> {
  for (let at = 0; at < moves.length; at += MOVE_SLOTS) {
    const [, , offset = 0, length = 0] = moves.subarray(at, at + MOVE_SLOTS);
    yield { offset, length, kind: 'data' };
  }
}
