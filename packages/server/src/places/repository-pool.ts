import type { Repository } from '@sendense/core';
import type { NamedPlaces } from '../services.ts';

/**
 * Repositories that requests and jobs share: opened when first asked for, closed with the server. To open one may cost a key
 * derivation, so it is not done for each request.
 */
export class RepositoryPool implements AsyncDisposable {
  readonly #places: NamedPlaces<Repository>;
  readonly #open = new Map<string, Promise<Repository>>();

  constructor(places: NamedPlaces<Repository>) {
    this.#places = places;
  }

  /** The repository with this name. One that could not be opened is tried again by the next caller. */
  get(name: string): Promise<Repository> {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    // without the caller's signal: others may wait for the same
    const opening = this.#places.open(name);
    this.#open.set(name, opening);
    opening.catch(() => this.#open.delete(name));
    return opening;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values());
    this.#open.clear();
    for (const result of opened) if (result.status === 'fulfilled') await result.value[Symbol.asyncDispose]();
  }
}
