import type { Call } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { PREFIXES } from '../layout/object-keys.ts';
import { deleteUnlessLocked } from '../store/locked-objects.ts';
import type { PruneLock } from './prune-lock.ts';
import { tidyRemovals } from './tidy-removals.ts';

/** Deletes what is of use for a while only: probes and progress older than the grace, which processes that died left, and old removals. */
export async function removeLeftovers(
  context: RepositoryContext,
  lock: PruneLock,
  call?: Call,
): Promise<void> {
  const { store, configuration } = context;
  for (const prefix of [PREFIXES.probes, PREFIXES.progress])
    for await (const { key, modifiedAt } of store.list(prefix, undefined, call)) {
      if (lock.takenAt.getTime() - modifiedAt.getTime() < configuration.graceMs) continue;
      await lock.check(call);
      await deleteUnlessLocked(store, key, call);
    }
  await tidyRemovals(context, lock, call);
}
