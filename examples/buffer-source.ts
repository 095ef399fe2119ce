/** The smallest source: one machine whose one disk is a buffer of this process. It keeps no record of changes. */
import { diskId, type SourceCapabilities, type SourceConnector } from '@sendense/core';
import { createBufferCapture } from './buffer-capture.ts';

const offered = { tracking: false, oneInstant: true, consistency: ['crash'], order: 'random' } as const;
const limits = { baselinesPerMachine: 0, granularityBytes: 65_536, reportsZeros: false } as const;
const states = { poweredOff: true, adoptsCapture: true } as const;
const plain = { ...offered, ...limits, ...states };
const proof = Object.fromEntries(Object.keys(plain).map((name) => [name, 'real']));
const capabilities: SourceCapabilities = { ...plain, proof: proof as SourceCapabilities['proof'] };

/** Opens a source over `disk`; its machine is called `name`. */
export function createBufferSource(name: string, disk: Uint8Array): SourceConnector {
  const id = diskId('buffer');
  const machine = { connection: 'buffer', id: name };
  const size = { sizeBytes: disk.length, sectorBytes: 512 } as const;
  const slot = { bus: 'virtio', controller: 0, unit: 0 } as const;
  const model = { schema: 1, platform: 'buffer', firmware: 'unknown', architecture: 'unknown' } as const;
  const spec = { ...model, name, disks: [{ id, slot, ...size }], nics: [] };
  const why = { kind: 'full', reason: 'no-change-tracking', detail: 'a buffer keeps no record' } as const;
  const plan = { id, ...size, ...why, changedBytes: disk.length, readBytes: disk.length };
  return {
    specificationVersion: 'v1',
    platform: 'buffer',
    capabilities,
    async *machines() {
      yield { machine, name, power: 'off' };
    },
    describe: async () => spec,
    plan: async () => ({ disks: [plan], skipped: [], lanes: [], findings: [] }),
    capture: async () => createBufferCapture(disk, spec),
    retire: async () => undefined,
    reconcile: async () => ({ removed: [], findings: [] }),
    async [Symbol.asyncDispose]() {},
  };
}
