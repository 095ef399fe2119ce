import assert from 'node:assert/strict';
import {
  type BlockWriter,
  copyBlocks,
  type DiskId,
  type DraftDisk,
  diskId,
  type Extent,
  instantId,
  type MachineSpec,
  machineKeyOf,
  type PointDraft,
  type PointId,
  pointId,
  type RecoveryPoint,
  type Repository,
  streamId,
} from '@sendense/core';
import { collect } from '../../collect.ts';
import type { DiskContent } from '../../memory/disk/disk-content.ts';
import { openMemoryReader } from '../../memory/disk/memory-reader.ts';
import { createTestFence } from '../../memory/test-fence.ts';
import { readRange } from '../block-device/block-access.ts';
import { expectBytes } from '../expect.ts';

/** The machine of the cases. */
export const MACHINE = machineKeyOf({ connection: 'testkit', id: 'machine-1' });

/** When the first point of the cases was taken; each further one is an hour later. */
export const FIRST_POINT = new Date('2026-03-01T10:00:00.000Z');

/** A disk of a point to write: its whole content, and for a delta what to copy onto which base. */
export type WrittenDisk = {
  readonly content: DiskContent;
  readonly base?: PointId;
  /** What changed since `base`. Default everything that the content tells. */
  readonly extents?: readonly Extent[];
};

/** A point to write. What is left out has a default that fits. */
export type WrittenPoint = Partial<Omit<PointDraft, 'disks'>> & {
  readonly disks: Readonly<Record<string, WrittenDisk>>;
};

/** The draft of a point. */
export function draftOf({ disks, ...given }: WrittenPoint): PointDraft {
  const sequence = given.sequence ?? 1;
  const drafted = Object.entries(disks).map(
    ([id, { content, base = null }], unit): DraftDisk => ({
      id: diskId(id),
      slot: { bus: 'virtio', controller: 0, unit },
      sizeBytes: content.sizeBytes,
      sectorBytes: 512,
      base,
      reason: base === null ? 'first-backup' : null,
    }),
  );
  return {
    id: pointId(`point-${sequence}`),
    instant: instantId(`instant-${sequence}`),
    at: new Date(FIRST_POINT.getTime() + (sequence - 1) * 3_600_000),
    machine: MACHINE,
    stream: streamId('stream-1'),
    sequence,
    kind: drafted.every(({ base }) => base === null) ? 'full' : 'incremental',
    spec: specOf(drafted),
    consistency: 'crash',
    disks: drafted,
    skipped: [],
    findings: [],
    ...given,
  };
}

function specOf(disks: readonly DraftDisk[]): MachineSpec {
  return {
    schema: 1,
    name: 'machine-1',
    platform: 'testkit',
    firmware: 'bios',
    architecture: 'x86_64',
    disks: disks.map(({ id, slot, sizeBytes, sectorBytes }) => ({ id, slot, sizeBytes, sectorBytes })),
    nics: [],
  };
}

/** Copies what a disk says it has, and flushes. */
export async function copyDisk(writer: BlockWriter, { content, extents }: WrittenDisk): Promise<void> {
  const listed = extents ?? [...content.extents()];
  await copyBlocks({ from: openMemoryReader(content), to: writer, extents: items(listed) });
  await writer.flush();
}

/** Writes and commits a point. */
export async function writePoint(repository: Repository, point: WrittenPoint): Promise<RecoveryPoint> {
  const writer = await repository.begin(draftOf(point), createTestFence());
  try {
    for (const [id, disk] of Object.entries(point.disks)) await copyDisk(writerOf(writer.disks, id), disk);
    return await writer.commit([]);
  } finally {
    await writer[Symbol.asyncDispose]();
  }
}

/** The writer of a disk; fails when there is none. */
export function writerOf(disks: ReadonlyMap<DiskId, BlockWriter>, id: string): BlockWriter {
  const writer = disks.get(diskId(id));
  assert.ok(writer !== undefined, `there is no writer for ${id}`);
  return writer;
}

/** Fails unless the point's disks are exactly `disks`, with exactly their bytes. */
export async function expectPoint(
  repository: Repository,
  id: PointId,
  disks: Readonly<Record<string, DiskContent>>,
): Promise<void> {
  const reader = await repository.open(id);
  try {
    assert.deepEqual(reader.disks.map((disk) => disk.id).sort(), Object.keys(disks).sort(), `disks of ${id}`);
    for (const view of reader.disks) {
      const bytes = disks[view.id]?.bytes() ?? new Uint8Array();
      expectBytes(await readRange(view.reader), bytes, `${view.id} of ${id}`);
    }
  } finally {
    await reader[Symbol.asyncDispose]();
  }
}

/** Ids of all committed points, as listed. */
export async function pointIds(repository: Repository): Promise<PointId[]> {
  return (await collect(repository.points())).map(({ id }) => id);
}

/** An async iterable over a list. */
export async function* items<T>(list: Iterable<T>): AsyncGenerator<T> {
  yield* list;
}

/** The content after `write` bytes of `seed` at `offset`, with the extent that says so. */
export function changed(
  content: DiskContent,
  offset: number,
  bytes: Uint8Array,
): { readonly content: DiskContent; readonly extents: readonly Extent[] } {
  const next = content.snapshot();
  next.write(offset, bytes);
  return { content: next, extents: [{ offset, length: bytes.byteLength, kind: 'data' }] };
}
