import {
  type DiskId,
  diskId,
  instantId,
  machineKey,
  type PointId,
  pointId,
  type Repository,
  streamId,
} from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';

/** The machine whose points are exported. */
export const MACHINE = machineKey('0f8fad5b-d9cb-469f-a165-70867728950e');

/** A point to be written: full, or what changed since `base`. */
export type NewPoint = {
  readonly id: string;
  readonly at: string;
  readonly sequence: number;
  readonly disks: readonly Uint8Array[];
  readonly base?: { readonly id: PointId; readonly disks: readonly Uint8Array[] };
};

const STEP_BYTES = 64 * 1024;

/** Writes a point of the machine, its disks as given, and commits it. */
export async function writePoint(
  repository: Repository,
  { id, at, sequence, disks, base }: NewPoint,
): Promise<PointId> {
  const ids = disks.map((_, index) => diskId(`disk ${index}`));
  await using writer = await repository.begin(
    {
      id: pointId(id),
      instant: instantId(`instant-${id}`),
      at: new Date(at),
      machine: MACHINE,
      stream: streamId('daily'),
      sequence,
      kind: base === undefined ? 'full' : 'incremental',
      spec: {
        schema: 1,
        name: 'web',
        platform: 'image',
        firmware: 'bios',
        architecture: 'x86_64',
        disks: [],
        nics: [],
      },
      consistency: 'crash',
      disks: disks.map((bytes, unit) => ({
        id: diskId(`disk ${unit}`),
        slot: { bus: 'virtio', controller: 0, unit },
        sizeBytes: bytes.byteLength,
        sectorBytes: 512,
        base: base?.id ?? null,
        reason: base === undefined ? 'first-backup' : null,
      })),
      skipped: [],
      findings: [],
    },
    soloFence,
  );
  for (const [index, bytes] of disks.entries())
    await writeChanged(writer.disks.get(ids[index] as DiskId), bytes, base?.disks[index]);
  await writer.commit([]);
  return pointId(id);
}

type DiskWriter =
  | { write(offset: number, data: Uint8Array): Promise<void>; flush(): Promise<void> }
  | undefined;

async function writeChanged(writer: DiskWriter, bytes: Uint8Array, before?: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.byteLength; offset += STEP_BYTES) {
    const data = bytes.subarray(offset, offset + STEP_BYTES);
    const old = before?.subarray(offset, offset + STEP_BYTES) ?? new Uint8Array(data.byteLength);
    if (Buffer.compare(old, data) !== 0) await writer?.write(offset, data);
  }
  await writer?.flush();
}
