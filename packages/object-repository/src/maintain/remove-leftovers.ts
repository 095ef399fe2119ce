import type { Call } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { PREFIXES } from '../layout/object-keys.ts';
import type { PruneLock } from './prune-lock.ts';

/** Deletes what processes that died left of things that are of use for a while only: probes and progress older than the grace. */
export async function removeLeftovers(
  { store, configuration }: RepositoryContext,
  lock: PruneLock,
  call?: Call,
): Promise<void> {
  for (const prefix of [PREFIXES.probes, PREFIXES.progress])
    for await (const { key, modifiedAt } of store.list(prefix, undefined, call)) {
      if (lock.takenAt.getTime() - modifiedAt.getTime() < configuration.graceMs) continue;
      await lock.check(call);
      await store.delete(key, call);
    }
}
