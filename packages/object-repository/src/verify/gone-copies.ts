import type { Call } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { ChunkIndex } from '../index/chunk-index.ts';
import type { ChunkPlace } from '../index/table-page.ts';
import { packKey } from '../layout/object-keys.ts';

/** Tells copies that others deleted rightly since a verification began: their packs are gone, and nobody relies on them any more. */
export class GoneCopies implements AsyncDisposable {
  readonly #context: RepositoryContext;
  readonly #call: Call | undefined;
  /** Another index than that of the verification: places in that one must not move. */
  #now: ChunkIndex | undefined;

  constructor(context: RepositoryContext, call?: Call) {
    this.#context = context;
    this.#call = call;
  }

  /**
   * Whether the pack of a copy is gone, and the index of now does not name it, because a prune swept it, or only as young, because
   * its writer gave up; see the format, section 4.
   */
  async has(id: Uint8Array, { pack }: ChunkPlace): Promise<boolean> {
    if ((await this.#context.store.head(packKey(pack), this.#call)) !== undefined) return false;
    this.#now ??= this.#context.openIndex();
    const table = await this.#now.refresh(this.#call);
    if (this.#now.young.has(pack)) return true;
    return (await table.copiesOf(id)).every(({ at }) => at.pack !== pack);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#now?.[Symbol.asyncDispose]();
  }
}
