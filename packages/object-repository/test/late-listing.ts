import type { ListedObject, ObjectStatus, ObjectStore } from '../src/store/object-store.ts';
import type { SharedObjects } from './memory-store.ts';

/** What happened to an object, and when listings begin to show it. */
type Change = { readonly shownMs: number; readonly status: ObjectStatus | undefined };

/** How long after it happened a creation or deletion of a key is shown by listings, in milliseconds. */
export type Lateness = (key: string, what: 'created' | 'deleted') => number;

/**
 * What listings of a store show whose `get`, `head` and `put` are right at once: each creation and each deletion later, by a time of its own,
 * but those of one key in their order. So were listings of S3 until 2020. Several stores of one test share it.
 */
export class LateListing {
  readonly #shared: SharedObjects;
  readonly #lateness: Lateness;
  readonly #changes = new Map<string, Change[]>();
  /** Objects that were listed although they were gone, or not although they were there. */
  wrong = 0;

  constructor(shared: SharedObjects, lateness: Lateness) {
    this.#shared = shared;
    this.#lateness = lateness;
    for (const [key, { bytes, modifiedAt }] of shared.objects)
      this.#changes.set(key, [{ shownMs: 0, status: { sizeBytes: bytes.byteLength, modifiedAt } }]);
  }

  /** `store`, a store of the same objects, with listings as they are shown. */
  of(store: ObjectStore): ObjectStore {
    return {
      ...store,
      put: async (key, bytes, options, call) => {
        const status = await store.put(key, bytes, options, call);
        this.#note(key, status);
        return status;
      },
      delete: async (key, call) => {
        const was = this.#shared.objects.has(key);
        await store.delete(key, call);
        if (was) this.#note(key, undefined);
      },
      list: (prefix, options) => this.#list(store, prefix, options?.after ?? ''),
    };
  }

  /** Shows everything as it is, from now on until something happens. */
  settle(): void {
    for (const changes of this.#changes.values()) {
      const [last] = changes.slice(-1);
      if (last !== undefined) changes.splice(0, changes.length, { ...last, shownMs: 0 });
    }
  }

  #note(key: string, status: ObjectStatus | undefined): void {
    const changes = this.#changes.get(key) ?? [];
    const beforeMs = changes.at(-1)?.shownMs ?? 0;
    changes.push({
      status,
      shownMs: Math.max(
        beforeMs,
        this.#shared.nowMs + this.#lateness(key, status === undefined ? 'deleted' : 'created'),
      ),
    });
    this.#changes.set(key, changes);
  }

  async *#list(store: ObjectStore, prefix: string, after: string): AsyncGenerator<ListedObject> {
    // a request of the store beneath, so that a schedule decides when this is
    for await (const _ of store.list(prefix, { after })) break;
    const keys = [...this.#changes.keys()].filter((key) => key.startsWith(prefix) && key > after);
    for (const key of keys.sort()) {
      const shown = this.#changes.get(key)?.findLast(({ shownMs }) => shownMs <= this.#shared.nowMs)?.status;
      if ((shown !== undefined) !== this.#shared.objects.has(key)) this.wrong += 1;
      if (shown !== undefined) yield { key, ...shown };
    }
  }
}
