import { describe, it } from 'vitest';
import {
  createMemorySource,
  MemoryHypervisor,
  type MemorySourceOptions,
  memorySourceCapabilities,
  sourceConformance,
} from '../src/index.ts';

const variants: Readonly<Record<string, NonNullable<MemorySourceOptions['capabilities']>>> = {
  memory: {},
  'memory, forward only': { order: 'ascending', granularityBytes: 4096 },
  'memory, no tracking': { tracking: false },
};

for (const [name, capabilities] of Object.entries(variants)) {
  const declared = { ...memorySourceCapabilities, ...capabilities };
  sourceConformance(
    { describe, it },
    {
      name,
      capabilities: declared,
      reader: { order: declared.order, locate: false, digests: false },
      owner: 'sendense',
      async open(sizes) {
        const hypervisor = new MemoryHypervisor();
        const machine = hypervisor.addMachine({ name: 'machine-1', disks: sizes });
        const open = () => createMemorySource({ hypervisor, capabilities });
        return {
          source: open(),
          machine: machine.ref,
          disks: machine.disks.map(({ id }) => id),
          write: async (disk, offset, data) => machine.disk(disk).write(offset, data),
          resize: async (disk, sizeBytes) => machine.disk(disk).resize(sizeBytes),
          reopen: async () => open(),
          objects: async () => hypervisor.objects(),
        };
      },
    },
  );
}
