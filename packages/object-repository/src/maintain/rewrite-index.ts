import type { Call } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { IndexPrefix } from '../index/chunk-index.ts';
import { INDEX_ENTRIES, type IndexedPack, serializeIndex } from '../index/index-object.ts';
import { PREFIXES } from '../layout/object-keys.ts';
import { deleteUnlessLocked } from '../store/locked-objects.ts';
import { disownIfLate } from '../write/late-object.ts';
import { putDamagedPacks } from './damaged-packs.ts';
import { type Turn, withDeletions } from './deletions.ts';
import { EFFECT_MS, lost, type PruneLock } from './prune-lock.ts';

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
    const forget = await this.#lock.confirm(this.#call);
    try {
      await this.#publish();
    } finally {
      await forget(this.#call);
    }
    this.#packs = [];
    this.#entries = 0;
  }

  /** Another pruner may have swept packs that an index object names which came too late: others are told not to rely on them. */
  async #publish(): Promise<void> {
    const { index } = this.#context;
    const key = index.newKey(this.#prefix);
    const packs = this.#packs.map(({ id }) => id);
    const { beforeSend } = this.#lock;
    const isLate = (at: Date) => this.#lock.mayBeLost(at);
    const sent = index.publish(key, serializeIndex(this.#packs), { beforeSend }, this.#call);
    const { modifiedAt } = await sent.catch(async (error: unknown) => {
      await disownIfLate(this.#context, error, { key, packs, isLate, effectMs: EFFECT_MS });
      throw error;
    });
    if (!isLate(modifiedAt)) return;
    await putDamagedPacks(this.#context, packs);
    throw lost();
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
  const remove = async (turn: Turn) => {
    for (const key of old) {
      await turn(call);
      if (!(await deleteUnlessLocked(context.store, key, call))) locked.push(key);
    }
  };
  await withDeletions(context, lock, remove, call);
  return locked;
}
