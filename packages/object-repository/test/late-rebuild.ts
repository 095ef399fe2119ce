import { SendenseError } from '@sendense/core';
import { expect } from 'vitest';
import { GRACE_MS, keysOf } from './hurt-objects.ts';
import { createMemoryStore, type SharedObjects } from './memory-store.ts';
import { openStandingStill } from './still-clocks.ts';

/**
 * Makes the index again on a machine that stands still for two hours, with both of its clocks, before its index object is there, while
 * others may do something. So a damage record names all packs, which are whole.
 */
export async function rebuildLate(
  shared: SharedObjects,
  others: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  let isHeld = false;
  const store = createMemoryStore(shared, async ({ kind, key }, run) => {
    if (!isHeld && kind === 'put' && key.startsWith('index/')) {
      isHeld = true;
      shared.nowMs += GRACE_MS / 4;
      await others();
    }
    run();
  });
  await using repository = await openStandingStill(store);
  const ended = await repository.maintenance.rebuildIndex().catch((error: unknown) => error);
  expect(SendenseError.is(ended, 'FENCED')).toBe(true);
  expect(keysOf(shared, 'damage/')).toHaveLength(1);
}
