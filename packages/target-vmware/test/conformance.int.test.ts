import { createVmwareTarget } from '@sendense/target-vmware';
import { targetConformance } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { describe, it } from 'vitest';
import { openFixture, useBench } from './vcenter-bench.ts';

const options = { address: 'vc.example', user: 'restore', name: 'm' };
const { capabilities } = createVmwareTarget(options, { secrets: { get: async () => undefined } });

describeWithPeers(['test-vcenter'], 'the contract of a target', () => {
  const bench = useBench();
  for (const via of ['lease', 'datastore'] as const) {
    const open = () => openFixture(bench(), { via, defaultNetwork: { network: 'VM Network' } });
    const subject = { name: `target-vmware (${via})`, capabilities, owner: 'sendense', open };
    targetConformance({ describe, it }, subject);
  }
});
