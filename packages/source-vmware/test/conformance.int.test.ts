import { createVmwareSource } from '@sendense/source-vmware';
import { sourceConformance } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { describe, it } from 'vitest';
import { openFixture, useBench } from './vcenter-bench.ts';

const options = { address: 'vc.example', user: 'backup' };
const secrets = { get: async () => undefined };
const { capabilities } = createVmwareSource(options, { secrets });
const leased = createVmwareSource({ ...options, transport: 'lease' }, { secrets }).capabilities;
const reader = { order: 'random', locate: false, digests: false } as const;

describeWithPeers(['test-vcenter'], 'the contract of a source', () => {
  const bench = useBench();
  const open = (sizes: readonly number[]) => openFixture(bench(), sizes, { running: false });
  sourceConformance(
    { describe, it },
    { name: 'source-vmware', capabilities, reader, owner: 'testkit', open },
  );

  sourceConformance(
    { describe, it },
    {
      name: 'source-vmware by export leases',
      capabilities: leased,
      reader: { ...reader, order: 'ascending' },
      owner: 'testkit',
      open: (sizes) => openFixture(bench(), sizes, { running: false, transport: 'lease' }),
    },
  );
});
