import type { BlockIoDriver } from '@sendense/core';
import { type BlockIoDriverSubject, createMemoryDriver, type DiskContent } from '../src/index.ts';

/** What makes a driver of the memory driver; `disks` are those that have been attached, newest first. */
export type DriverChange = (driver: BlockIoDriver, disks: readonly DiskContent[]) => BlockIoDriver;

/** The memory driver as a subject of the conformance kit, changed by `change`. */
export function memoryDriverSubject(name: string, change: DriverChange): BlockIoDriverSubject {
  return {
    name,
    capabilities: {
      transfer: true,
      packsZeros: true,
      chunker: true,
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
      const memory = createMemoryDriver();
      const disks: DiskContent[] = [];
      return {
        driver: change(memory, disks),
        async endpoint(content) {
          disks.unshift(content);
          return memory.attach(`disk-${disks.length}`, content);
        },
        missing: { kind: 'memory/disk', name: 'none' },
        stored: (endpoint) => memory.openReader(endpoint),
      };
    },
  };
}
