import { createVmwareSource } from '@sendense/source-vmware';
import { sourceConformance } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { beforeAll } from 'vitest';
import { refusesTheSecond, tellsTheMost, withOtherCases } from './other-cases.ts';
import { openFixture, useBench } from './vcenter-bench.ts';

const transport = 'lease';
const options = { address: 'vc.example', user: 'backup', transport } as const;
const { capabilities } = createVmwareSource(options, { secrets: { get: async () => undefined } });
const reader = { order: 'ascending', locate: false, digests: false } as const;

describeWithPeers(['test-vcenter'], 'the contract of a source whose disks are read by export leases', () => {
  const bench = useBench();
  // a process that is killed holds its lease until then
  beforeAll(() => bench().server.control('settings', { leaseTimeoutSeconds: 1 }));

  for (const running of [false, true]) {
    const others = [
      refusesTheSecond(bench, running),
      ...(running ? [tellsTheMost(bench, () => ({ transport }))] : []),
    ];
    withOtherCases(others, (runner) =>
      sourceConformance(runner, {
        name: `source-vmware by leases, a machine that ${running ? 'runs' : 'is off'}`,
        capabilities,
        reader,
        owner: 'testkit',
        open: (sizes) => openFixture(bench(), sizes, { running, transport }),
      }),
    );
  }
});
