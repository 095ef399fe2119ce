import type { PointId } from '@sendense/core';

/** What an open writer keeps from being deleted: its base points, and the objects it has put but not yet committed. */
export type StoreHold = { readonly points: ReadonlySet<PointId>; readonly objects: Set<string> };

/** A hold that a writer has. */
export type HoldHandle = {
  /** Objects to keep besides those of the points. */
  readonly objects: Set<string>;
  /** Ends the hold. */
  release(): void;
};

/**
 * The storage below a memory repository: named objects that are put whole and replaced whole, so an open reader keeps the
 * bytes it has. Two repositories over one store are two processes over one folder; tests flip bits in `objects`.
 */
export class MemoryStore {
  readonly objects: Map<string, Uint8Array>;
  readonly #holds = new Map<symbol, StoreHold>();

  constructor(objects: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.objects = new Map(objects);
  }

  /** Bytes stored, all objects together. */
  get storedBytes(): number {
    return [...this.objects.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** Keeps `points` from prune until the returned function is called; the writer adds its objects as it puts them. */
  hold(points: Iterable<PointId>): HoldHandle {
    const key = Symbol('hold');
    const hold: StoreHold = { points: new Set(points), objects: new Set() };
    this.#holds.set(key, hold);
    return { objects: hold.objects, release: () => void this.#holds.delete(key) };
  }

  /** Whether an open writer builds on `point`. */
  isHeld(point: PointId): boolean {
    return [...this.#holds.values()].some(({ points }) => points.has(point));
  }

  /** Removes the pieces and artifacts that neither `used` nor an open writer names. */
  sweep(used: ReadonlySet<string>): void {
    const kept = new Set(used);
    for (const { objects } of this.#holds.values()) for (const key of objects) kept.add(key);
    for (const key of this.objects.keys()) {
      if (key.startsWith('pieces/') && !kept.has(key)) this.objects.delete(key);
    }
  }

  /** The same objects in a store of their own, with the same holds: what a dry run works on. */
  copy(): MemoryStore {
    const copy = new MemoryStore(this.objects);
    for (const [key, hold] of this.#holds) copy.#holds.set(key, hold);
    return copy;
  }

  /** The process dies: what its open writers held is held no more. */
  crash(): void {
    this.#holds.clear();
  }
}
