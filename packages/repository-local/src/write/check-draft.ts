import {
  type DiskId,
  type PointDraft,
  type PointId,
  type RecoveryPoint,
  SendenseError,
} from '@sendense/core';
import type { MachinePaths } from '../layout/machine-paths.ts';
import type { PointRecord, RecordDisk } from '../records/point-record.ts';
import type { LocalStore } from '../store/local-store.ts';
import { readPointRecordsFresh } from '../store/point-records.ts';
import { MAX_CHAIN_FILES, readChain } from '../store/sidecars.ts';

/** Room in a chain for the new file and for aliases that a consolidation may put in. */
const CHAIN_RESERVE = 12;

/** What a disk of a new point builds on. */
export type Base = {
  readonly record: PointRecord;
  readonly disk: RecordDisk;
};

/** What is committed already that a draft must fit to. */
export type DraftContext = {
  /** The record of this very point, when an earlier attempt committed it. */
  readonly committed: PointRecord | undefined;
  readonly bases: ReadonlyMap<DiskId, Base>;
};

/**
 * Checks a draft against the committed points of its machine; under the machine's lock. Rejects with `PARENT_MISSING`
 * for a base that is not there, `UNSUPPORTED` for a disk smaller than its base, `CONFLICT` for a taken sequence.
 */
export async function checkDraft(
  store: LocalStore,
  paths: MachinePaths,
  draft: PointDraft,
): Promise<DraftContext> {
  const { records, unreadable } = await readPointRecordsFresh(store, paths);
  const newer = unreadable.find(({ code }) => code === 'FORMAT_UNSUPPORTED');
  if (newer !== undefined) throw newer;
  const committed = records.find(({ id }) => id === draft.id);
  checkSequence(records, draft);
  const bases = new Map<DiskId, Base>();
  for (const disk of draft.disks) {
    if (disk.base === null || committed !== undefined) continue;
    bases.set(disk.id, await findBase(store, paths, records, { ...disk, base: disk.base }));
  }
  return { committed, bases };
}

/** The newest of some points: by sequence within a stream, else by instant. */
export function newestOf(records: Iterable<PointRecord>): PointRecord | undefined {
  let newest: PointRecord | undefined;
  for (const record of records) {
    if (newest === undefined || isNewer(record, newest)) newest = record;
  }
  return newest;
}

function isNewer(left: PointRecord, right: PointRecord): boolean {
  if (left.stream === right.stream) return left.sequence > right.sequence;
  return left.at.getTime() > right.at.getTime();
}

function checkSequence(records: readonly PointRecord[], { id, stream, sequence }: PointDraft): void {
  const taken = records.find(
    (other) => other.stream === stream && other.sequence >= sequence && other.id !== id,
  );
  if (taken !== undefined && !records.some((other) => other.id === id)) throw sequenceTaken(taken, sequence);
}

async function findBase(
  store: LocalStore,
  paths: MachinePaths,
  records: readonly PointRecord[],
  { id, base, sizeBytes }: { readonly id: DiskId; readonly base: PointId; readonly sizeBytes: number },
): Promise<Base> {
  const record = records.find((other) => other.id === base);
  const disk = record?.disks.find((other) => other.id === id);
  if (record === undefined || disk === undefined) throw parentMissing(base, id);
  if (sizeBytes < disk.sizeBytes) throw refused('a disk smaller than its base', id);
  const name = disk.file.slice(disk.file.indexOf('/') + 1);
  const chain = await readChain(store, paths.disk(disk.number), name);
  if (chain.length > MAX_CHAIN_FILES - CHAIN_RESERVE) throw refused(`a chain of ${chain.length} files`, id);
  return { record, disk };
}

function sequenceTaken(
  taken: Pick<RecoveryPoint, 'id' | 'stream' | 'sequence'>,
  wanted: number,
): SendenseError {
  const { id, stream, sequence } = taken;
  return new SendenseError('CONFLICT', `point ${id} already is number ${sequence} of stream ${stream}`, {
    operation: 'begin-point',
    remedy: 'another run backed up the same machine to here first; run the backup again',
    context: { point: id, stream, sequence, wanted },
  });
}

function parentMissing(base: PointId, disk: DiskId): SendenseError {
  return new SendenseError('PARENT_MISSING', `point ${base} does not hold disk ${disk} of this machine`, {
    operation: 'begin-point',
    remedy: 'back the disk up in full',
    context: { base, disk },
  });
}

function refused(what: string, disk: DiskId): SendenseError {
  return new SendenseError('UNSUPPORTED', `this repository does not take ${what}`, {
    operation: 'begin-point',
    remedy: 'back the disk up in full',
    context: { disk },
  });
}
