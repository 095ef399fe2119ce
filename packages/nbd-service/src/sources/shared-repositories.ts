import type { Call, Repository } from '@sendense/core';
import type { Confine } from '../entries/allowed-roots.ts';

/** A repository that an entry names. */
export type RepositoryRequest = {
  readonly repository: string;
  readonly passphraseFile?: string | undefined;
  /** For paths that the name holds: rejects with `PERMISSION_DENIED` what exports may not name. */
  readonly confine: Confine;
};

/** Opens the repository that an entry names; the service disposes it. */
export type OpenRepository = (request: RepositoryRequest, call?: Call) => Promise<Repository>;

/** A repository for one of its users, who disposes the handle. */
export interface RepositoryHandle extends AsyncDisposable {
  readonly repository: Repository;
}

type Shared = { readonly repository: Promise<Repository>; users: number };

/** Repositories that exports share: opened for the first, closed with the last. */
export class SharedRepositories {
  readonly #open: OpenRepository;
  readonly #shared = new Map<string, Shared>();

  constructor(open: OpenRepository) {
    this.#open = open;
  }

  async take(request: RepositoryRequest, call?: Call): Promise<RepositoryHandle> {
    const key = JSON.stringify([request.repository, request.passphraseFile ?? null]);
    const shared = this.#shared.get(key) ?? { repository: this.#open(request, call), users: 0 };
    this.#shared.set(key, shared);
    shared.users += 1;
    try {
      const repository = await shared.repository;
      return { repository, [Symbol.asyncDispose]: once(() => this.#leave(key, shared)) };
    } catch (error) {
      shared.users -= 1;
      if (this.#shared.get(key) === shared) this.#shared.delete(key);
      throw error;
    }
  }

  async #leave(key: string, shared: Shared): Promise<void> {
    shared.users -= 1;
    if (shared.users > 0) return;
    this.#shared.delete(key);
    await (await shared.repository)[Symbol.asyncDispose]();
  }
}

function once(run: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= run();
    return done;
  };
}
