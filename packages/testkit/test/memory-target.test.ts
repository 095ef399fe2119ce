import assert from 'node:assert/strict';
import type { TargetConnector } from '@sendense/core';
import { describe, it } from 'vitest';
import {
  createMemoryTarget,
  MemoryHypervisor,
  type MemoryTargetOptions,
  memoryTargetCapabilities,
  openMemoryReader,
  overlay,
  targetConformance,
} from '../src/index.ts';

const variants: Readonly<Record<string, NonNullable<MemoryTargetOptions['capabilities']>>> = {
  memory: {},
  'memory, forward only, disks only, no resume': { order: 'ascending', resume: 'none', into: ['disks-only'] },
};

for (const [name, capabilities] of Object.entries(variants)) {
  targetConformance(
    { describe, it },
    {
      name,
      capabilities: { ...memoryTargetCapabilities, ...capabilities },
      owner: 'sendense',
      async open() {
        const hypervisor = new MemoryHypervisor();
        const open = () => createMemoryTarget({ hypervisor, capabilities });
        return {
          target: open(),
          options: null,
          restored: async ({ machine, disks }, number) => {
            const volume = hypervisor.volumes.get(disks[number]?.location ?? '')?.content;
            const content =
              machine === undefined ? volume : hypervisor.machine(machine).disk(number).freeze();
            return openMemoryReader(content ?? assert.fail('the disk is not there'));
          },
          reopen: async () => open(),
          objects: async () => hypervisor.objects(),
        };
      },
    },
  );
}

targetConformance(
  { describe, it },
  {
    name: 'memory, without reading back',
    capabilities: memoryTargetCapabilities,
    readsBack: false,
    owner: 'sendense',
    async open() {
      const hypervisor = new MemoryHypervisor();
      const open = () => withoutReadBack(createMemoryTarget({ hypervisor }));
      return {
        target: open(),
        options: null,
        restored: async ({ machine }, number) =>
          openMemoryReader(
            hypervisor
              .machine(machine ?? assert.fail('no machine'))
              .disk(number)
              .freeze(),
          ),
        reopen: async () => open(),
        objects: async () => hypervisor.objects(),
      };
    },
  },
);

function withoutReadBack(target: TargetConnector): TargetConnector {
  return overlay(target, {
    begin: async (...given) => overlay(await target.begin(...given), { readBack: undefined }),
  });
}
