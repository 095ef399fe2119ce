import type { BlockEndpoint } from './block-endpoint.ts';
import { MOVE_SLOTS } from './transfer.ts';

/** A transfer of this size is long enough that its start costs nothing, and short enough to stop and to pace. */
const BATCH_BYTES = 64 * 1024 * 1024;
/** Moves of one transfer at most: 256 KiB of slots. */
const BATCH_MOVES = 8192;

/** A state of a batch to return to. */
export type BatchMark = { readonly slots: number; readonly bytes: number };

/** Moves that are collected for one transfer. */
export class MoveBatch {
  readonly endpoints: BlockEndpoint[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #slots: number[] = [];
  #bytes = 0;

  get isFull(): boolean {
    return this.#bytes >= BATCH_BYTES || this.#slots.length >= BATCH_MOVES * MOVE_SLOTS;
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
