import type { Call } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { IndexPrefix } from '../index/chunk-index.ts';
import { INDEX_ENTRIES, type IndexedPack, serializeIndex } from '../index/index-object.ts';
import { PREFIXES, packIdOf } from '../layout/object-keys.ts';
import { deleteUnlessLocked } from '../store/locked-objects.ts';
import { putDamagedPacks } from './damaged-packs.ts';
import { type Turn, withDeletions } from './deletions.ts';
import { readPlans } from './plans.ts';
import { lost, type PruneLock } from './prune-lock.ts';

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

  async #publish(): Promise<void> {
    const { beforeSend } = this.#lock;
    const content = serializeIndex(this.#packs);
    const { modifiedAt } = await this.#context.index.publish(
      content,
      { beforeSend },
      this.#call,
      this.#prefix,
    );
    if (this.#lock.mayBeLost(modifiedAt)) {
      await disownGone(
        this.#context,
        this.#packs.map(({ id }) => id),
        this.#call,
      );
      throw lost();
    }
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

/**
 * Tells others not to rely on those of some packs that are gone or that a plan names: an index object names them which came so late that
 * another pruner may have swept them, and who sweeps now does not know of it.
 */
async function disownGone(context: RepositoryContext, packs: readonly string[], call?: Call): Promise<void> {
  const plans = await readPlans(context, call);
  const missing = new Set(packs);
  for await (const { key } of context.store.list(PREFIXES.packs, undefined, call))
    missing.delete(packIdOf(key) ?? '');
  const isUnsafe = (pack: string) => missing.has(pack) || plans.some((plan) => plan.packs.has(pack));
  await putDamagedPacks(context, packs.filter(isUnsafe), call);
}
