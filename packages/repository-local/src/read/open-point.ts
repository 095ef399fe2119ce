import { join } from 'node:path';
import {
  type Artifact,
  type Call,
  type Changes,
  type DiskView,
  MAX_ARTIFACT_BYTES,
  type PointId,
  type PointReader,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import type { MachinePaths } from '../layout/machine-paths.ts';
import type { PointRecord, RecordArtifact, RecordDisk } from '../records/point-record.ts';
import type { Sidecar } from '../records/sidecar.ts';
import { type Hold, placeHold } from '../store/holds.ts';
import type { LocalStore } from '../store/local-store.ts';
import { findInMachine, findPointRecord } from '../store/point-records.ts';
import { readBounded } from '../store/read-bounded.ts';
import { toRecoveryPoint } from '../store/recovery-point.ts';
import { changesSince } from './changes-since.ts';
import { chainOf, openDiskReader } from './open-disk-reader.ts';

type OpenedDisk = { readonly disk: RecordDisk; readonly chain: readonly Sidecar[] };

/** How often a point is looked up again when it is rewritten while it is being opened. */
const ATTEMPTS = 5;

/** Opens a point for reading; see `Repository.open`. Its files stay until the reader is disposed. */
export async function openPoint(
  store: LocalStore,
  id: PointId,
  options: Call & { readonly since?: PointId } = {},
): Promise<PointReader> {
  throwIfAborted(options.signal, 'open-point');
  const { paths } = await findPointRecord(store, id);
  const hold = await holdMachine(store, paths, id);
  try {
    const { record, disks } = await settle(store, paths, id);
    await hold?.narrow(filesOf(record, disks));
    const since = options.since === undefined ? undefined : await findInMachine(store, paths, options.since);
    const views = await openViews(store, paths, disks, options.since, since);
    return pointReader(store, paths, record, views, hold);
  } catch (error) {
    await hold?.[Symbol.asyncDispose]();
    throw error;
  }
}

/** Without a writable repository nothing can be held; then only the open files keep their bytes. */
async function holdMachine(store: LocalStore, paths: MachinePaths, id: PointId): Promise<Hold | undefined> {
  if (!store.writable) return undefined;
  return placeHold(store, paths, { kind: 'reader', holder: store.session.name, points: [id], files: null });
}

/** The record and the chains it names. A point that is rewritten meanwhile is looked up again. */
async function settle(
  store: LocalStore,
  paths: MachinePaths,
  id: PointId,
): Promise<{ readonly record: PointRecord; readonly disks: readonly OpenedDisk[] }> {
  for (let attempt = 1; ; attempt += 1) {
    const record = await findInMachine(store, paths, id);
    if (record === undefined) throw gone(id);
    try {
      const disks: OpenedDisk[] = [];
      for (const disk of record.disks) disks.push({ disk, chain: await chainOf(store, paths, disk) });
      return { record, disks };
    } catch (error) {
      if (attempt >= ATTEMPTS || !SendenseError.is(error, 'PARENT_MISSING')) throw error;
    }
  }
}

function filesOf(record: PointRecord, disks: readonly OpenedDisk[]): readonly string[] {
  const chains = disks.flatMap(({ disk, chain }) => chain.map(({ file }) => `disk-${disk.number}/${file}`));
  return [...chains, ...record.artifacts.map(({ file }) => file)];
}

async function openViews(
  store: LocalStore,
  paths: MachinePaths,
  disks: readonly OpenedDisk[],
  sinceId: PointId | undefined,
  since: PointRecord | undefined,
): Promise<readonly DiskView[]> {
  const views: DiskView[] = [];
  try {
    for (const { disk, chain } of disks) {
      const reader = await openDiskReader(store, paths, disk, chain);
      const { id, slot, sizeBytes, sectorBytes } = disk;
      const view = { id, slot, sizeBytes, sectorBytes, reader };
      views.push({ ...view, changes: wholeDisk(sinceId) });
      if (since === undefined) continue;
      views[views.length - 1] = { ...view, changes: await changesSince(store, paths, view, chain, since) };
    }
    return views;
  } catch (error) {
    await Promise.all(views.map(({ reader }) => reader[Symbol.asyncDispose]()));
    throw error;
  }
}

function wholeDisk(since: PointId | undefined): Changes {
  if (since === undefined) return { kind: 'full', reason: 'requested', detail: 'no earlier point was named' };
  return { kind: 'full', reason: 'parent-missing', detail: `point ${since} is not a point of this machine` };
}

function pointReader(
  store: LocalStore,
  paths: MachinePaths,
  record: PointRecord,
  disks: readonly DiskView[],
  hold: Hold | undefined,
): PointReader {
  let closed: Promise<void> | undefined;
  const close = async () => {
    await Promise.all(disks.map(({ reader }) => reader[Symbol.asyncDispose]()));
    await hold?.[Symbol.asyncDispose]();
  };
  return {
    point: toRecoveryPoint(record, paths),
    disks,
    artifacts: record.artifacts.map((artifact) => openArtifact(store, paths, artifact)),
    [Symbol.asyncDispose]() {
      closed ??= close();
      return closed;
    },
  };
}

function openArtifact(store: LocalStore, paths: MachinePaths, artifact: RecordArtifact): Artifact {
  const { name, sensitive, sizeBytes } = artifact;
  return {
    name,
    sensitive,
    sizeBytes,
    bytes: () => readArtifact(store, paths, artifact),
  };
}

/** Reads an artifact. Rejects with `CORRUPT` naming the file when it is not what was written. */
export async function readArtifact(
  store: LocalStore,
  paths: MachinePaths,
  { file, sizeBytes, blake3 }: RecordArtifact,
): Promise<Uint8Array> {
  const path = join(paths.folder, file);
  const bytes = await readBounded(store.fileSystem, path, MAX_ARTIFACT_BYTES);
  if (bytes.byteLength === sizeBytes && Buffer.from(store.blake3(bytes)).toString('hex') === blake3)
    return bytes;
  throw new SendenseError('CORRUPT', `${path} does not match its digest`, {
    operation: 'read-artifact',
    remedy: 'restore the file from a copy of the repository; the disks can be restored without it',
    context: { path },
  });
}

function gone(id: PointId): SendenseError {
  return new SendenseError('NOT_FOUND', `point ${id} was removed`, {
    operation: 'open-point',
    remedy: 'list the points of the repository',
    context: { point: id },
  });
}
