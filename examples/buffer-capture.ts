/** A frozen instant of a disk that is a buffer: what the engine reads a backup from. */
import { type Capture, type DiskId, instantId, type MachineSpec } from '@sendense/core';

const limits = { alignmentBytes: 1, maxBytes: 2 ** 20, maxInFlight: 4, order: 'random' } as const;

/** Takes a copy of `bytes`, so that the reader gives the same bytes whatever is written meanwhile. */
export function createBufferCapture(bytes: Uint8Array, spec: MachineSpec): Capture {
  const frozen = Uint8Array.from(bytes);
  const reader = {
    sizeBytes: frozen.length,
    limits,
    read: async (offset: number, into: Uint8Array) => into.set(frozen.subarray(offset, offset + into.length)),
    async *extents({ offset, length }: { offset: number; length: number }) {
      yield { offset, length, kind: 'data' as const };
    },
    async [Symbol.asyncDispose]() {},
  };
  const changes = { kind: 'full', reason: 'no-change-tracking', detail: 'a buffer keeps no record' } as const;
  return {
    instant: { id: instantId(crypto.randomUUID()), at: new Date() },
    consistency: 'crash',
    spec,
    disks: spec.disks.map(({ slot, sizeBytes, sectorBytes, ...disk }) => {
      return { id: disk.id as DiskId, slot: slot as never, sizeBytes, sectorBytes, reader, changes };
    }),
    skipped: [],
    artifacts: [],
    findings: [],
    // No baseline: the engine finds the changes by the digests of the last point.
    seal: async () => null,
    commit: async () => [],
    async [Symbol.asyncDispose]() {},
  };
}
