import type { BlockEndpoint } from '@sendense/core';

/** A transfer of this size is long enough that its start costs nothing, and short enough to stop and to pace. */
const BATCH_BYTES = 64 * 1024 * 1024;
const BATCH_MOVES = 8192;

/** Bytes of one block that a driver moves. */
export type Move = {
  readonly block: number;
  /** Offset on the disk. */
  readonly offset: number;
  readonly length: number;
  readonly from: BlockEndpoint;
  /** Offset at `from`. */
  readonly source: number;
  /** Offset in the file of the image. */
  readonly to: number;
};

/** Moves that wait for one transfer. */
export class MoveQueue {
  readonly #endpoints = new Map<string, BlockEndpoint>();
  #moves: Move[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#bytes >= BATCH_BYTES || this.#moves.length >= BATCH_MOVES;
  }

  add(move: Move): void {
    // One object for each endpoint: every one that a transfer names is opened.
    const key = JSON.stringify(move.from);
    const from = this.#endpoints.get(key) ?? move.from;
    this.#endpoints.set(key, from);
    this.#moves.push({ ...move, from });
    this.#bytes += move.length;
  }

  waitsFor(block: number): boolean {
    return this.#moves.some((move) => move.block === block);
  }

  /** Takes out moves of `bytes` in all, at most; the last of them may be a part of one. */
  take(bytes: number): readonly Move[] {
    const taken: Move[] = [];
    const rest: Move[] = [];
    let left = bytes;
    for (const move of this.#moves) {
      const length = Math.min(move.length, left);
      if (length > 0) taken.push({ ...move, length });
      if (length < move.length) rest.push(without(move, length));
      left -= length;
    }
    this.#moves = rest;
    this.#bytes -= bytes - left;
    return taken;
  }
}

function without(move: Move, length: number): Move {
  const { offset, source, to } = move;
  return {
    ...move,
    offset: offset + length,
    source: source + length,
    to: to + length,
    length: move.length - length,
  };
}
