import { createVmwareSource, type VmwareSourceOptions } from '@sendense/source-vmware';
import { sourceConformance } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { beforeAll, describe } from 'vitest';
import { tellsTheMost, withOtherCases } from './other-cases.ts';
import { hostAddresses, openFixture, useBench, type VcenterBench } from './vcenter-bench.ts';

const options = { address: 'vc.example', user: 'backup' };
const { capabilities } = createVmwareSource(options, { secrets: { get: async () => undefined } });
const reader = { order: 'random', locate: false, digests: false } as const;

/** The ways of reading that give ranges; `host` reaches the host beside the vCenter. */
const WAYS = {
  datastore: () => ({ transport: 'datastore' }),
  host: (bench) => ({ transport: 'host', hostAddresses: hostAddresses(bench) }),
} satisfies Record<string, (bench: VcenterBench) => Partial<VmwareSourceOptions>>;

describeWithPeers(['test-vcenter'], 'the contract of a source', () => {
  const bench = useBench();
  describe.each(Object.entries(WAYS))('whose disks are read by %s', (way, optionsOf) => {
    // what the vCenter gives no files of is not read from it by mistake
    beforeAll(() => bench().server.control('settings', { foldersRefused: way === 'host' }));
    for (const running of [false, true])
      withOtherCases(running ? [tellsTheMost(bench, () => optionsOf(bench()))] : [], (runner) =>
        sourceConformance(runner, {
          name: `source-vmware by ${way}, a machine that ${running ? 'runs' : 'is off'}`,
          capabilities,
          reader,
          owner: 'testkit',
          open: (sizes) => openFixture(bench(), sizes, { running, ...optionsOf(bench()) }),
        }),
      );
  });
});
