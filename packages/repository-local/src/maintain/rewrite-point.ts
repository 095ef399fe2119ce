import { basename } from 'node:path';
import { type Call, copyBlocks, type FullReason, type PointId, SendenseError } from '@sendense/core';
import { ChainDigests } from '../digests/chain-digests.ts';
import type { MachinePaths } from '../layout/machine-paths.ts';
import { extentsOf, rangesApart } from '../read/changes-since.ts';
import { chainOf, openDiskReader } from '../read/open-disk-reader.ts';
import type { PointRecord, RecordDisk } from '../records/point-record.ts';
import type { LocalStore } from '../store/local-store.ts';
import { findInMachine, replacePointRecord } from '../store/point-records.ts';
import { newestOf } from '../write/check-draft.ts';
import { kindOfFile } from '../write/commit-point.ts';
import { openDiskWriter, type PartialDisk, removePartial } from '../write/open-disk-writer.ts';
import { placeDisk } from '../write/place-disk.ts';
import type { Rewrite } from './plan-removal.ts';
import { sweepMachine } from './sweep-machine.ts';

type RewrittenDisk = {
  readonly old: RecordDisk;
  readonly base: PointId | null;
  readonly partial: PartialDisk;
};

/**
 * Gives disks of a point other bases: writes new files with the same content, checked against its digests, and then
 * replaces the record. Files built on the old names go on using the old files until a sweep. Resolves with the record and
 * the bytes that were stored. Under the machine's maintenance lock.
 */
export async function rewritePoint(
  store: LocalStore,
  paths: MachinePaths,
  { point, onto }: Rewrite,
  reason: FullReason,
  call?: Call,
): Promise<{ readonly record: PointRecord; readonly storedBytes: number }> {
  const record = await existing(store, paths, point);
  const rewritten: RewrittenDisk[] = [];
  let switched = false;
  try {
    for (const old of record.disks) {
      const base = onto.get(old.id);
      if (base === undefined) continue;
      rewritten.push({ old, base, partial: await copyDisk(store, paths, old, base, call) });
    }
    const result = await store.withLock(paths, call, () =>
      switchRecord(store, paths, point, rewritten, reason),
    );
    switched = true;
    return result;
  } finally {
    for (const { partial } of rewritten) await removePartial(store, partial);
    // What got a final name without a record is removed now, or by the next opener.
    if (!switched) await sweepMachine(store, paths).catch(() => store.session.leaveUnfinished());
  }
}

async function existing(store: LocalStore, paths: MachinePaths, id: PointId): Promise<PointRecord> {
  const record = await findInMachine(store, paths, id);
  if (record !== undefined) return record;
  throw new SendenseError('NOT_FOUND', `point ${id} is not there any more`, {
    operation: 'rewrite-point',
    context: { point: id },
  });
}

async function copyDisk(
  store: LocalStore,
  paths: MachinePaths,
  old: RecordDisk,
  base: PointId | null,
  call: Call | undefined,
): Promise<PartialDisk> {
  const { fileSystem, blake3, driver } = store;
  const folder = paths.disk(old.number);
  const chain = await chainOf(store, paths, old);
  const below = base === null ? undefined : await diskOf(store, paths, base, old);
  await using reader = await openDiskReader(store, paths, old, chain);
  await using expected = await ChainDigests.open(chain, folder, fileSystem, blake3);
  const backing = below === undefined ? null : basename(below.file);
  const partial = await openDiskWriter(store, { sizeBytes: old.sizeBytes, backing }, expected);
  try {
    const extents =
      below === undefined
        ? reader.extents({ offset: 0, length: old.sizeBytes }, call)
        : extentsOf(reader, rangesApart(store, folder, chain, await chainOf(store, paths, below)), call);
    await copyBlocks({ from: reader, to: partial.writer, extents, ...(driver && { driver }) }, call);
    await partial.writer.flush(call);
    return partial;
  } catch (error) {
    await removePartial(store, partial);
    throw error;
  }
}

async function diskOf(
  store: LocalStore,
  paths: MachinePaths,
  point: PointId,
  { id }: RecordDisk,
): Promise<RecordDisk> {
  const disk = (await existing(store, paths, point)).disks.find((other) => other.id === id);
  if (disk !== undefined) return disk;
  throw new SendenseError('PARENT_MISSING', `point ${point} does not hold disk ${id}`, {
    operation: 'rewrite-point',
    context: { point, disk: id },
  });
}

async function switchRecord(
  store: LocalStore,
  paths: MachinePaths,
  point: PointId,
  rewritten: readonly RewrittenDisk[],
  reason: FullReason,
): Promise<{ readonly record: PointRecord; readonly storedBytes: number }> {
  // Read again: it may have been held or noted since.
  const record = await existing(store, paths, point);
  await store.session.check();
  await store.session.mark(paths.machine);
  const disks = new Map(record.disks.map((disk) => [disk.id, disk]));
  let storedBytes = 0;
  for (const { old, base, partial } of rewritten) {
    if (disks.get(old.id)?.file !== old.file) throw changedMeanwhile(point);
    const { instant, at } = record;
    const kind = kindOfFile(base !== null, record.kind);
    const state = record.states.find((other) => other.disks.includes(old.id));
    const replaces = [basename(old.file)];
    const toPlace = { point, instant, at, number: old.number, id: old.id, kind, partial, state, replaces };
    const placed = await placeDisk(store, paths, toPlace, []);
    await store.syncFolder(paths.disk(old.number));
    storedBytes += placed.storedBytes;
    disks.set(old.id, { ...old, ...placed, base, reason: base === null ? (old.reason ?? reason) : null });
  }
  const next = await withDisks(store, paths, record, [...disks.values()]);
  await replacePointRecord(store, paths, next);
  return { record: next, storedBytes };
}

async function withDisks(
  store: LocalStore,
  paths: MachinePaths,
  record: PointRecord,
  disks: readonly RecordDisk[],
): Promise<PointRecord> {
  const bases: PointRecord[] = [];
  for (const id of new Set(disks.map(({ base }) => base))) {
    if (id !== null) bases.push(await existing(store, paths, id));
  }
  const before = record.disks.reduce((sum, disk) => sum + disk.storedBytes, 0);
  const after = disks.reduce((sum, disk) => sum + disk.storedBytes, 0);
  return {
    ...record,
    disks,
    kind: bases.length === 0 ? 'full' : record.kind,
    parentId: newestOf(bases)?.id ?? null,
    storedBytes: record.storedBytes - before + after,
  };
}

function changedMeanwhile(point: PointId): SendenseError {
  return new SendenseError('CONFLICT', `point ${point} was rewritten by another process meanwhile`, {
    operation: 'rewrite-point',
    remedy: 'repeat it',
    context: { point },
  });
}
