import { closeSync, constants, openSync } from 'node:fs';
import type { PlaceBelow } from './folder-protocol.ts';

/** Folders that are kept open besides the root. */
const MOST_OPEN = 32;
// a pipe would wait for its writer
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * The folders below a root, opened name by name, each from the one above it as openat(2) does: a link on the way is refused, a path may
 * be longer than Linux takes at once, and the root is held even when it is unmounted. Synchronous: for a thread of its own.
 */
export class OpenFolders {
  readonly #root: number;
  /** Descriptors by the numbers of folders, the one that was used last at the end. */
  readonly #open = new Map<number, number>();

  /** Throws errno errors. */
  constructor(root: string) {
    this.#root = openSync(root, FLAGS | constants.O_DIRECTORY);
  }

  /** A descriptor of the folder, which stays this one's. Throws errno errors. */
  descriptor({ folder, way }: PlaceBelow): number {
    if (way.length === 0) return this.#root;
    const known = this.#open.get(folder) ?? this.#walk(way);
    this.#open.delete(folder);
    this.#open.set(folder, known);
    this.#closeOldest();
    return known;
  }

  /** A path by which the system finds the place without following anything, as long as its folder is kept open. */
  path(place: PlaceBelow): Buffer {
    return below(this.descriptor(place), place.name ?? Buffer.from('.'));
  }

  /** Opens what lies at a place, for reading; the descriptor is the caller's. */
  open(place: PlaceBelow): number {
    return openSync(this.path(place), FLAGS);
  }

  #walk(way: readonly Uint8Array[]): number {
    let here = this.#root;
    for (const name of way) {
      const above = here;
      try {
        here = openSync(below(above, name), FLAGS | constants.O_DIRECTORY);
      } finally {
        if (above !== this.#root) closeSync(above);
      }
    }
    return here;
  }

  #closeOldest(): void {
    if (this.#open.size <= MOST_OPEN) return;
    for (const [folder, descriptor] of this.#open) {
      this.#open.delete(folder);
      closeSync(descriptor);
      return;
    }
  }
}

function below(descriptor: number, name: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${descriptor}/`), name]);
}
