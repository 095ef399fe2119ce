import type { Clock } from '@sendense/core';
import { type ObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import type { ObjectStore } from '../src/store/object-store.ts';
import { GRACE_MS, open } from './hurt-objects.ts';
import { testKey } from './keys.ts';
import type { SharedObjects } from './memory-store.ts';

/** Both clocks of a machine that is suspended now and then: they do not go on at all. */
const stillClock: Clock = { now: () => new Date(Date.UTC(2026, 0, 1)), monotonicMs: () => 0 };

/** Opens a repository on a machine both of whose clocks stand still. */
export function openStandingStill(store: ObjectStore): Promise<ObjectRepository> {
  return openObjectRepository({ store, key: testKey }, { clock: stillClock });
}

/** Two prunes of a machine whose clocks go on, each a grace later: what nothing needs is planned, then deleted. */
export async function pruneTwice(shared: SharedObjects): Promise<void> {
  await using repository = await open(shared);
  for (let round = 0; round < 2; round += 1) {
    shared.nowMs += GRACE_MS;
    await repository.maintenance.prune({ last: 1 });
  }
}
