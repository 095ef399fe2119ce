import { type Call, SendenseError } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { ChunkIndex } from '../index/chunk-index.ts';
import type { ChunkPlace } from '../index/table-page.ts';
import { packKey } from '../layout/object-keys.ts';

/** How often the index is loaded again because an object of it went away while it was read. */
const MOST_READS = 5;

/** Packs that young index objects name and others, too, and by which objects that was found. */
type Vouched = { readonly objects: string; readonly packs: ReadonlySet<string> };

/** Tells copies that others deleted rightly since a verification began: their packs are gone, and nobody relies on them any more. */
export class GoneCopies implements AsyncDisposable {
  readonly #context: RepositoryContext;
  readonly #call: Call | undefined;
  /** Another index than that of the verification: places in that one must not move. */
  #now: ChunkIndex | undefined;
  #vouched: Vouched | undefined;

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
    const now = this.#now;
    for (let read = 1; ; read += 1) {
      const table = await now.refresh(this.#call);
      if (!now.young.has(pack)) return (await table.copiesOf(id)).every(({ at }) => at.pack !== pack);
      try {
        return !(await this.#vouchedIn(now)).has(pack);
      } catch (error) {
        if (!SendenseError.is(error, 'NOT_FOUND') || read >= MOST_READS) throw error;
      }
    }
  }

  /** Young packs that an index object vouches for. All index objects are read for it, once for each state of them. */
  async #vouchedIn(now: ChunkIndex): Promise<ReadonlySet<string>> {
    const objects = [...now.youngObjects, ...now.objects].join();
    if (this.#vouched?.objects === objects) return this.#vouched.packs;
    const packs = new Set<string>();
    for (const key of now.objects)
      for await (const { id } of now.read(key, this.#call)) if (now.young.has(id)) packs.add(id);
    this.#vouched = { objects, packs };
    return packs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#now?.[Symbol.asyncDispose]();
  }
}
