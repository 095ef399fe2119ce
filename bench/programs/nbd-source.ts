/** A source of one machine whose one disk is an NBD export: what an application writes that has only an export. */
import { connectNbd, openNbdReader } from '@sendense/blockio-nbd/client';
import {
  type Capture,
  diskId,
  instantId,
  type MachineSpec,
  type NbdEndpoint,
  type SourceCapabilities,
  type SourceConnector,
} from '@sendense/core';

/** What `source-qemu` uses for a live disk. */
const CONNECTIONS = 2;

const offered = { tracking: false, oneInstant: true, consistency: ['crash'], order: 'random' } as const;
const limits = { baselinesPerMachine: 0, granularityBytes: 65_536, reportsZeros: true } as const;
const states = { poweredOff: true, adoptsCapture: false } as const;
const plain = { ...offered, ...limits, ...states };
const proof: SourceCapabilities['proof'] = {
  tracking: 'real',
  oneInstant: 'real',
  consistency: 'real',
  order: 'real',
  baselinesPerMachine: 'real',
  granularityBytes: 'real',
  reportsZeros: 'real',
  poweredOff: 'real',
  adoptsCapture: 'real',
};
const changes = { kind: 'full', reason: 'no-change-tracking', detail: 'an export keeps no record' } as const;

async function capture(endpoint: NbdEndpoint, spec: MachineSpec): Promise<Capture> {
  const nbd = await connectNbd({ ...endpoint, contexts: ['base:allocation'], connections: CONNECTIONS });
  const reader = openNbdReader(nbd, { endpoint });
  const view = { id: diskId('nbd'), slot: { bus: 'virtio', controller: 0, unit: 0 } } as const;
  return {
    instant: { id: instantId(crypto.randomUUID()), at: new Date() },
    consistency: 'crash',
    spec,
    disks: [{ ...view, sizeBytes: nbd.sizeBytes, sectorBytes: 512, reader, changes }],
    skipped: [],
    artifacts: [],
    findings: [],
    seal: async () => null,
    commit: async () => [],
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}

/** Opens the source of an export of `sizeBytes`. */
export function createNbdSource(endpoint: NbdEndpoint, sizeBytes: number): SourceConnector {
  const slot = { bus: 'virtio', controller: 0, unit: 0 } as const;
  const size = { sizeBytes, sectorBytes: 512 } as const;
  const model = { schema: 1, platform: 'nbd', firmware: 'unknown', architecture: 'unknown' } as const;
  const spec: MachineSpec = { ...model, name: 'export', disks: [{ id: 'nbd', slot, ...size }], nics: [] };
  const disk = { id: diskId('nbd'), ...size, ...changes, changedBytes: sizeBytes, readBytes: sizeBytes };
  return {
    specificationVersion: 'v1',
    platform: 'nbd',
    capabilities: { ...plain, proof },
    async *machines() {
      yield { machine: { connection: 'nbd', id: 'export' }, name: 'export', power: 'off' };
    },
    describe: async () => spec,
    plan: async () => ({ disks: [disk], skipped: [], lanes: [], findings: [] }),
    capture: () => capture(endpoint, spec),
    retire: async () => undefined,
    reconcile: async () => ({ removed: [], findings: [] }),
    async [Symbol.asyncDispose]() {},
  };
}
