import type { ReplicaCapabilities } from '@sendense/core';
import { describe, it } from 'vitest';
import { replicaConformance } from '../src/index.ts';
import { openReplicaFixture } from './replica-fixture.ts';

const variants: Readonly<Record<string, ReplicaCapabilities>> = {
  memory: { history: 3, readable: true, fork: true, adopt: true, reverseState: true },
  'memory, forks without a way back': {
    ...{ history: 3, readable: true, fork: true, adopt: true },
    reverseState: false,
  },
  'memory, one instant that only starts': {
    ...{ history: 1, readable: false, fork: false, adopt: false },
    reverseState: false,
  },
};

for (const [name, capabilities] of Object.entries(variants)) {
  const open = () => openReplicaFixture(capabilities, (target) => target);
  replicaConformance({ describe, it }, { name, capabilities, open });
}
