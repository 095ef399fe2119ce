import type { Call } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { IndexPrefix } from '../index/chunk-index.ts';
import { INDEX_ENTRIES, type IndexedPack, serializeIndex } from '../index/index-object.ts';
import { PREFIXES } from '../layout/object-keys.ts';
import { deleteUnlessLocked } from '../store/locked-objects.ts';
import type { PruneLock } from './prune-lock.ts';

/** Puts packs into index objects, each as large as a writer's, while the lock is held: another holder may sweep what they name. */
export class IndexWriter {
  readonly #context: RepositoryContext;
  readonly #lock: PruneLock;
  readonly #call: Call | undefined;
  readonly #prefix: IndexPrefix;
  #packs: IndexedPack[] = [];
  #entries = 0;

  constructor(
    context: RepositoryContext,
    lock: PruneLock,
    call?: Call,
    prefix: IndexPrefix = PREFIXES.index,
  ) {
    this.#context = context;
    this.#lock = lock;
    this.#call = call;
    this.#prefix = prefix;
  }

  /** Adds a pack. */
  async add(pack: IndexedPack): Promise<void> {
    this.#packs.push(pack);
    this.#entries += pack.entries.length;
    if (this.#entries >= INDEX_ENTRIES) await this.finish();
  }

  /** Stores what is left. */
  async finish(): Promise<void> {
    if (this.#packs.length === 0) return;
    await this.#lock.confirm(this.#call);
    const { beforeSend } = this.#lock;
    const content = serializeIndex(this.#packs);
    await this.#context.index.publish(content, { beforeSend }, this.#call, this.#prefix);
    this.#packs = [];
    this.#entries = 0;
  }
}

/**
 * Stores new index objects with the packs of the old ones that `keep` takes, then removes the old ones; whoever misses
 * something meanwhile lists again. Gives those of the old ones that object lock keeps.
 */
export async function rewriteIndex(
  context: RepositoryContext,
  old: readonly string[],
  keep: (pack: string) => boolean,
  lock: PruneLock,
  call?: Call,
): Promise<readonly string[]> {
  const writer = new IndexWriter(context, lock, call);
  for (const key of old)
    for await (const pack of context.index.read(key, call)) if (keep(pack.id)) await writer.add(pack);
  await writer.finish();
  const locked: string[] = [];
  const turn = lock.deletions();
  for (const key of old) {
    await turn(call);
    if (!(await deleteUnlessLocked(context.store, key, call))) locked.push(key);
  }
  return locked;
}
