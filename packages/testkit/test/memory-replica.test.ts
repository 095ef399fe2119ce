import type { ReplicaCapabilities } from '@sendense/core';
import { describe, it } from 'vitest';
import { replicaConformance } from '../src/index.ts';
import { openReplicaFixture } from './replica-fixture.ts';

const all: ReplicaCapabilities = { history: 3, readable: true, fork: true, adopt: true, reverseState: true };
const none: ReplicaCapabilities = {
  history: 1,
  readable: false,
  fork: false,
  adopt: false,
  reverseState: false,
};
const variants: Readonly<Record<string, ReplicaCapabilities>> = {
  memory: all,
  'memory, forks without a way back': { ...all, reverseState: false },
  'memory, one instant that only starts': none,
};

for (const [name, capabilities] of Object.entries(variants)) {
  const open = () => openReplicaFixture(capabilities, (target) => target);
  replicaConformance({ describe, it }, { name, capabilities, open });
}
