import {
  type DiskId,
  type DraftDisk,
  type Fence,
  type PointDraft,
  type PointWriter,
  type RepositoryCapabilities,
  SendenseError,
} from '@sendense/core';
import type { Blake3 } from '@sendense/plugin-kit/digest';
import { openMemoryPointWriter, sequenceTaken } from './memory-point-writer.ts';
import type { MemoryStore } from './memory-store.ts';
import { type PieceTable, pieceKey } from './piece-table.ts';
import { openPieceWriter } from './piece-writer.ts';
import { type PointRecord, readRecords } from './point-record.ts';

/** How points are stored. */
export type PointLayout = {
  readonly store: MemoryStore;
  readonly blake3: Blake3;
  readonly capabilities: RepositoryCapabilities;
  readonly pieceBytes: number;
  readonly order: 'random' | 'ascending';
  readonly rewritable: boolean;
};

type Base = { readonly record: PointRecord; readonly sizeBytes: number; readonly table: PieceTable };

/** Checks a draft against what is committed and opens its writer. Nothing of the point shows before its commit. */
export function beginPoint(layout: PointLayout, draft: PointDraft, fence: Fence): PointWriter {
  const { store, blake3, capabilities } = layout;
  const records = readRecords(store, blake3).filter(({ point }) => point.machine === draft.machine);
  checkSequence(records, draft);
  const bases = new Map(draft.disks.map((disk) => [disk.id, baseOf(records, disk, draft, capabilities)]));
  const used = [...bases.values()].filter((base) => base !== null).map(({ record }) => record.point);
  const hold = store.hold(used.map(({ id }) => id));
  const put = (key: string, bytes: Uint8Array): boolean => {
    hold.objects.add(key);
    const isNew = !store.objects.has(key);
    if (isNew) store.objects.set(key, bytes);
    return isNew;
  };
  const open = (disk: DraftDisk) => {
    const base = bases.get(disk.id) ?? null;
    const table = base === null ? null : grownTable(base, disk.sizeBytes, layout, put);
    return openPieceWriter({ ...layout, sizeBytes: disk.sizeBytes, base: table, put });
  };
  const parentId = used.toSorted((a, b) => b.at.getTime() - a.at.getTime())[0]?.id ?? null;
  const disks = new Map(draft.disks.map((disk) => [disk.id, open(disk)]));
  const encrypted = capabilities.encryption;
  return openMemoryPointWriter({ store, draft, fence, blake3, disks, hold, parentId, encrypted });
}

/** The same point begun again is no conflict: its commit will say that it is there. */
function checkSequence(records: readonly PointRecord[], { id, stream, sequence }: PointDraft): void {
  const taken = records.find(({ point }) => point.stream === stream && point.sequence === sequence);
  if (taken !== undefined && taken.point.id !== id) throw sequenceTaken(taken.point);
}

function baseOf(
  records: readonly PointRecord[],
  disk: DraftDisk,
  draft: PointDraft,
  capabilities: RepositoryCapabilities,
): Base | null {
  if (disk.base === null) return null;
  const record = records.find(({ point }) => point.id === disk.base);
  const table = record?.tables.get(disk.id);
  const before = record?.point.disks.find(({ id }) => id === disk.id);
  if (record === undefined || table === undefined || before === undefined) throw parentMissing(disk);
  const siblings = records.filter(({ point }) => point.id !== draft.id && hasBase(point.disks, disk));
  if (siblings.length > 0 && !capabilities.branching) throw refused('a second child of one point');
  if (disk.sizeBytes > before.sizeBytes && !capabilities.growDisk)
    throw refused('a disk larger than its base');
  if (disk.sizeBytes < before.sizeBytes) throw refused('a disk smaller than its base');
  return { record, table, sizeBytes: before.sizeBytes };
}

function hasBase(disks: readonly DraftDisk[], { id, base }: DraftDisk): boolean {
  return disks.some((other) => other.id === id && other.base === base);
}

/** The last piece of the base may be short; in the larger disk it is a full one with zeros behind. */
function grownTable(
  { table, sizeBytes }: Base,
  newSizeBytes: number,
  { store, blake3, pieceBytes }: PointLayout,
  put: (key: string, bytes: Uint8Array) => boolean,
): PieceTable {
  const index = Math.floor(sizeBytes / pieceBytes);
  const digest = table.get(index);
  if (newSizeBytes === sizeBytes || digest === undefined) return table;
  const piece = new Uint8Array(Math.min(pieceBytes, newSizeBytes - index * pieceBytes));
  piece.set(store.objects.get(pieceKey(digest)) ?? []);
  const grown = Buffer.from(blake3(piece)).toString('hex');
  put(pieceKey(grown), piece);
  return new Map(table).set(index, grown);
}

function parentMissing({ id, base }: { readonly id: DiskId; readonly base: string | null }): SendenseError {
  return new SendenseError('PARENT_MISSING', `point ${base} does not hold disk ${id} of this machine`, {
    operation: 'begin-point',
    context: { base, disk: id },
    remedy: 'back the disk up in full',
  });
}

function refused(what: string): SendenseError {
  return new SendenseError('UNSUPPORTED', `this repository does not take ${what}`, {
    operation: 'begin-point',
    remedy: 'back the disk up in full',
  });
}
