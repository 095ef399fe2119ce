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

/** A machine that is off is read from datastores in `conformance.int.test.ts`. */
const CASES = [
  ['datastore', true],
  ['host', false],
  ['host', true],
] as const;

describeWithPeers(
  ['test-vcenter'],
  'the contract of a source whose disks are read by ranges of their files',
  () => {
    const bench = useBench();
    describe.each(CASES)('by %s, of a machine that runs: %s', (way, running) => {
      const given = () => WAYS[way](bench());
      // what the vCenter gives no files of is not read from it by mistake
      beforeAll(() => bench().server.control('settings', { foldersRefused: way === 'host' }));
      withOtherCases(running ? [tellsTheMost(bench, given)] : [], (runner) =>
        sourceConformance(runner, {
          name: 'source-vmware',
          capabilities,
          reader,
          owner: 'testkit',
          open: (sizes) => openFixture(bench(), sizes, { running, ...given() }),
        }),
      );
    });
  },
);
