import assert from 'node:assert/strict';
import {
  diskId,
  instantId,
  machineKeyOf,
  type PointDraft,
  type PointId,
  type PointWriter,
  pointId,
  type RecoveryPoint,
  type Repository,
  streamId,
} from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { seededBytes } from '@sendense/testkit';

/** Chunks of the repositories of these tests. */
export const CHUNK_BYTES = 65_536;
const DISK = diskId('disk-a');

/** What a disk holds: for each chunk the seed of its bytes, 0 for zeros. */
export type DiskModel = readonly number[];

/** A point to write: its disk, and of it the chunks that changed since a base. */
export type SamplePoint = {
  readonly stream: string;
  readonly sequence: number;
  readonly disk: DiskModel;
  readonly base?: { readonly id: PointId; readonly disk: DiskModel };
};

/** The id that a sample point gets. */
export const sampleId = ({ stream, sequence }: SamplePoint): PointId => pointId(`${stream}-${sequence}`);

const made = new Map<number, Uint8Array>([[0, new Uint8Array(CHUNK_BYTES)]]);

/** The bytes of a chunk. */
export function chunkBytes(seed: number): Uint8Array {
  const bytes = made.get(seed) ?? seededBytes(seed, CHUNK_BYTES);
  made.set(seed, bytes);
  return bytes;
}

/** The draft of a sample point. */
export function draftOf(point: SamplePoint): PointDraft {
  const { stream, sequence, disk, base } = point;
  const slot = { bus: 'virtio', controller: 0, unit: 0 } as const;
  const sizeBytes = disk.length * CHUNK_BYTES;
  return {
    id: sampleId(point),
    instant: instantId(`instant-${stream}-${sequence}`),
    at: new Date(Date.UTC(2026, 0, 1, sequence)),
    machine: machineKeyOf({ connection: 'test', id: 'machine' }),
    stream: streamId(stream),
    sequence,
    kind: base === undefined ? 'full' : 'incremental',
    spec: {
      schema: 1,
      name: 'vm',
      platform: 'test',
      firmware: 'bios',
      architecture: 'x86_64',
      disks: [],
      nics: [],
    },
    consistency: 'crash',
    disks: [
      {
        id: DISK,
        slot,
        sizeBytes,
        sectorBytes: 512,
        base: base?.id ?? null,
        reason: base ? null : 'first-backup',
      },
    ],
    skipped: [],
    findings: [],
  };
}

/** Writes a sample point and commits it. */
export async function writeSample(repository: Repository, point: SamplePoint): Promise<RecoveryPoint> {
  await using writer = await repository.begin(draftOf(point), soloFence);
  await writeDisk(writer, point);
  return await writer.commit([]);
}

/** Writes the disk of a sample point and flushes it; nothing is committed. */
export async function writeDisk(writer: PointWriter, { disk: model, base }: SamplePoint): Promise<void> {
  const disk = writer.disks.get(DISK) ?? assert.fail();
  for (const [index, seed] of model.entries()) {
    if (base !== undefined && base.disk[index] === seed) continue;
    if (seed === 0) await disk.zero(index * CHUNK_BYTES, CHUNK_BYTES);
    else await disk.write(index * CHUNK_BYTES, chunkBytes(seed));
  }
  await disk.flush();
}

/** Fails unless a point holds exactly this disk. */
export async function expectSample(repository: Repository, id: PointId, model: DiskModel): Promise<void> {
  await using point = await repository.open(id);
  const reader = point.disks[0]?.reader ?? assert.fail();
  const bytes = new Uint8Array(reader.sizeBytes);
  await reader.read(0, bytes);
  assert.equal(bytes.byteLength, model.length * CHUNK_BYTES);
  for (const [index, seed] of model.entries()) {
    const chunk = bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
    assert.equal(Buffer.compare(chunk, chunkBytes(seed)), 0, `chunk ${index} of ${id}`);
  }
}
