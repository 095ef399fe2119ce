import assert from 'node:assert/strict';
import {
  type BackupKind,
  type BlockWriter,
  type DiskId,
  type DiskView,
  diskId,
  type Extent,
  instantId,
  machineKey,
  type PointDraft,
  type PointId,
  type PointWriter,
  pointId,
  type RecoveryPoint,
  type Repository,
  streamId,
  type VerifyScope,
} from '@sendense/core';
import { collect, createTestFence, seededBytes } from '@sendense/testkit';

/** Bytes of a cluster. */
export const CLUSTER = 65_536;
/** The disk of the tests: some clusters, and an end that is no whole one. */
export const DISK_BYTES = 5 * CLUSTER + 1536;
/** The machine of the tests. */
export const MACHINE = machineKey('00000000-0000-5000-8000-000000000001');

/** The machine has two disks: the content of the test, and a second one that is its beginning. */
export const DISKS = [
  { id: diskId('disk-a'), of: (content: Uint8Array) => content },
  { id: diskId('disk-b'), of: (content: Uint8Array) => content.subarray(0, CLUSTER + 512) },
];

/** A change of a disk: cluster `at` gets bytes of `seed`, or zeros for seed 0. */
export type Change = { readonly at: number; readonly seed: number };

/** The content after `changes`. */
export function changed(
  content: Uint8Array,
  changes: readonly Change[],
  sizeBytes = content.byteLength,
): Uint8Array {
  const next = new Uint8Array(sizeBytes);
  next.set(content.subarray(0, sizeBytes));
  for (const { at, seed } of changes) {
    const end = Math.min((at + 1) * CLUSTER, sizeBytes);
    if (end <= at * CLUSTER) continue;
    const bytes = seed === 0 ? new Uint8Array(CLUSTER) : seededBytes(seed, CLUSTER);
    next.set(bytes.subarray(0, end - at * CLUSTER), at * CLUSTER);
  }
  return next;
}

/** Where two contents differ, in whole clusters; everything beyond the old size is listed. */
export function differences(before: Uint8Array | undefined, after: Uint8Array): readonly Extent[] {
  const extents: Extent[] = [];
  for (let offset = 0; offset < after.byteLength; offset += CLUSTER) {
    const piece = after.subarray(offset, offset + CLUSTER);
    const old = before?.subarray(offset, offset + CLUSTER) ?? new Uint8Array(piece.byteLength);
    if (Buffer.compare(old, piece) === 0) continue;
    const kind = piece.every((byte) => byte === 0) ? 'zero' : 'data';
    extents.push({ offset, length: piece.byteLength, kind });
  }
  return extents;
}

/** What to back up. */
export type ModelBackup = {
  readonly sequence: number;
  readonly content: Uint8Array;
  readonly base?: { readonly id: PointId; readonly content: Uint8Array };
  readonly kind?: BackupKind;
  readonly at?: Date;
  readonly stream?: string;
  readonly id?: string;
  /** How a disk is copied wholly, as a source would; else what differs from the base is written. */
  readonly copy?: CopyDisk;
};

/** Copies all bytes of a disk to its writer. */
export type CopyDisk = (disk: DiskId, to: BlockWriter) => Promise<void>;

/** The draft of a backup. */
export function draftOf({ sequence, content, base, kind, at, stream = 's', id }: ModelBackup): PointDraft {
  const disks = DISKS.map(
    ({ id: disk, of }, unit) =>
      ({
        id: disk,
        slot: { bus: 'virtio', controller: 0, unit },
        sizeBytes: of(content).byteLength,
        sectorBytes: 512,
      }) as const,
  );
  return {
    id: pointId(id ?? `p${sequence}`),
    instant: instantId(`i-${id ?? sequence}`),
    at: at ?? new Date(Date.UTC(2026, 9, 4, 12, sequence)),
    machine: MACHINE,
    stream: streamId(stream),
    sequence,
    kind: kind ?? (base === undefined ? 'full' : 'incremental'),
    spec: {
      schema: 1,
      name: 'machine',
      platform: 'model',
      firmware: 'bios',
      architecture: 'x86_64',
      disks,
      nics: [],
    },
    consistency: 'crash',
    disks: disks.map((disk) => ({
      ...disk,
      base: base?.id ?? null,
      reason: base === undefined ? 'first-backup' : null,
    })),
    skipped: [],
    findings: [],
  };
}

/** Begins a backup and writes its disk, without committing. */
export async function writeBackup(repository: Repository, backup: ModelBackup): Promise<PointWriter> {
  const writer = await repository.begin(draftOf(backup), createTestFence());
  try {
    for (const { id, of } of DISKS) {
      const disk = writer.disks.get(id) ?? assert.fail('no writer');
      if (backup.copy !== undefined) {
        await backup.copy(id, disk);
        await disk.flush();
        continue;
      }
      const content = of(backup.content);
      const base = backup.base && of(backup.base.content);
      for (const { offset, length, kind } of differences(base, content)) {
        if (kind === 'zero') await disk.zero(offset, length);
        else await disk.write(offset, content.subarray(offset, offset + length));
      }
      await disk.flush();
    }
    return writer;
  } catch (error) {
    await writer[Symbol.asyncDispose]();
    throw error;
  }
}

/** Backs up and commits, with one artifact. */
export async function backUp(repository: Repository, backup: ModelBackup): Promise<RecoveryPoint> {
  await using writer = await writeBackup(repository, backup);
  const bytes = seededBytes(backup.sequence, 100);
  const artifact = {
    name: 'nvram',
    sensitive: false,
    sizeBytes: 100,
    bytes: () => Promise.resolve(bytes),
  } as const;
  await writer.artifact(artifact);
  return await writer.commit([]);
}

/** The bytes of the first disk of a point, after a look at the second. */
export async function contentOf(repository: Repository, id: PointId): Promise<Uint8Array> {
  await using reader = await repository.open(id);
  const [first, second] = await Promise.all(reader.disks.map(bytesOf));
  assert.ok(first !== undefined && second !== undefined);
  const same = Buffer.compare(second, DISKS[1]?.of(first) ?? first) === 0;
  assert.ok(same, `the second disk of ${id} is not of the instant of the first`);
  return first;
}

async function bytesOf({ reader, sizeBytes }: DiskView): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes);
  for (let offset = 0; offset < sizeBytes; offset += reader.limits.maxBytes) {
    await reader.read(offset, bytes.subarray(offset, offset + reader.limits.maxBytes));
  }
  return bytes;
}

/** Contents by point. */
export type Contents = ReadonlyMap<string, Uint8Array>;

/** Fails unless the repository lists exactly the points of `contents`, with their bytes, and verify has no finding. */
export async function expectContents(
  repository: Repository,
  contents: Contents,
  depth: VerifyScope['depth'] = 'data',
): Promise<void> {
  const ids = (await collect(repository.points())).map(({ id }) => id);
  assert.deepEqual([...ids].sort(), [...contents.keys()].sort());
  for (const id of ids) {
    const same = Buffer.compare(await contentOf(repository, id), contents.get(id) ?? new Uint8Array()) === 0;
    assert.ok(same, `${id} has other bytes than were backed up`);
  }
  assert.deepEqual(await collect(repository.verify({ depth })), []);
}
