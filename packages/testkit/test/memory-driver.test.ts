import { describe, it } from 'vitest';
import { blockIoDriverConformance, createMemoryDriver } from '../src/index.ts';

blockIoDriverConformance(
  { describe, it },
  {
    name: 'memory',
    capabilities: {
      transfer: true,
      chunker: false,
      reader: { order: 'random', locate: false, digests: false },
      writer: {
        order: 'random',
        rewritable: true,
        untouched: 'base',
        durable: false,
        endpoint: false,
        copyFrom: false,
      },
    },
    async open() {
      const driver = createMemoryDriver();
      let made = 0;
      return {
        driver,
        endpoint: async (content) => driver.attach(`disk-${++made}`, content),
        missing: { kind: 'memory/disk', name: 'none' },
        stored: (endpoint) => driver.openReader(endpoint),
      };
    },
  },
);
