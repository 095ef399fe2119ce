import { type Fence, SendenseError } from '@sendense/core';

/** A fence that a test can take away. */
export interface TestFence extends Fence {
  /** From now on `check` rejects with `FENCED`. */
  lose(): void;
}

/** Makes a fence that is held until `lose`. */
export function createTestFence(holder = 'test', token = 1): TestFence {
  let held = true;
  return {
    holder,
    token,
    async check() {
      if (!held) throw new SendenseError('FENCED', `${holder} lost its lease`, { operation: 'check-fence' });
    },
    lose() {
      held = false;
    },
  };
}
