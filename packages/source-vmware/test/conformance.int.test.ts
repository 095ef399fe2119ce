import { createVmwareSource } from '@sendense/source-vmware';
import { sourceConformance } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { describe, it } from 'vitest';
import { openFixture, useBench } from './vcenter-bench.ts';

const options = { address: 'vc.example', user: 'backup' };
const { capabilities } = createVmwareSource(options, { secrets: { get: async () => undefined } });
const reader = { order: 'random', locate: false, digests: false } as const;

describeWithPeers(['test-vcenter'], 'the contract of a source', () => {
  const bench = useBench();
  const open = (sizes: readonly number[]) => openFixture(bench(), sizes, { running: false });
  sourceConformance(
    { describe, it },
    { name: 'source-vmware', capabilities, reader, owner: 'testkit', open },
  );
});
