import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import {
  createMemoryTarget,
  MemoryHypervisor,
  type MemoryTargetOptions,
  memoryTargetCapabilities,
  openMemoryReader,
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
