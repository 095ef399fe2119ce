import {
  type ChangeState,
  type DiskId,
  type DraftDisk,
  type Fence,
  type PointDraft,
  SendenseError,
} from '@sendense/core';
import type { MachinePaths } from '../layout/machine-paths.ts';
import { type PointRecord, pointRecord, type RecordDisk } from '../records/point-record.ts';
import { checkFields, serializeRecord } from '../records/sealed-json.ts';
import type { LocalStore } from '../store/local-store.ts';
import { recordPath } from '../store/point-records.ts';
import { placeArtifacts, type StagedArtifact } from './artifact-files.ts';
import { type Base, checkDraft, newestOf } from './check-draft.ts';
import { numberDisks } from './disk-numbers.ts';
import type { PartialDisk } from './open-disk-writer.ts';
import { type PlacedDisk, placeDisk } from './place-disk.ts';

/** What is said of the storage in each point that is written meanwhile. */
const OF_EACH_POINT = ['folder-sync-unavailable', 'machine-record-rebuilt'];

/** Everything of a point, written and flushed. */
export type PointToCommit = {
  readonly draft: PointDraft;
  readonly fence: Fence;
  readonly disks: ReadonlyMap<DiskId, PartialDisk>;
  readonly artifacts: Iterable<StagedArtifact>;
  readonly states: readonly ChangeState[];
  /** Learns each path that gets a final name before the commit. */
  readonly placed: string[];
};

/** Commits a point under its machine's lock; resolves with its record, also when an earlier attempt committed it. */
export async function commitPoint(
  store: LocalStore,
  paths: MachinePaths,
  point: PointToCommit,
): Promise<PointRecord> {
  const { draft, fence, states } = point;
  const { committed, bases } = await checkDraft(store, paths, draft);
  if (committed !== undefined) {
    // The earlier attempt may have been cut between the name and its durability.
    await store.syncFolder(paths.points);
    return sameInstant(committed, draft);
  }
  await store.session.check();
  await fence.check();
  checkFields(pointRecord, { ...emptyRecord(draft), states });
  await store.session.mark(paths.machine);
  const record = await placeFiles(store, paths, point, bases);
  const staged = await store.session.stage(serializeRecord(pointRecord, record, store.blake3), 'point');
  // The last look at the lease: what follows is one rename, which a fenced session cannot do.
  await fence.check();
  await store.session.publish(staged, recordPath(paths, record));
  await store.syncFolder(paths.points);
  return record;
}

/** A record of `draft` without files, to check the rest. */
export function emptyRecord(draft: PointDraft): PointRecord {
  const stored = { number: 0, storedBytes: 0, writtenBytes: 0, file: 'disk-0/full-00000101-000000.qcow2' };
  return {
    ...draft,
    disks: draft.disks.map((disk) => ({ ...disk, ...stored })),
    parentId: null,
    storedBytes: 0,
    held: false,
    note: draft.note ?? null,
    artifacts: [],
    states: [],
  };
}

async function placeFiles(
  store: LocalStore,
  paths: MachinePaths,
  point: PointToCommit,
  bases: ReadonlyMap<DiskId, Base>,
): Promise<PointRecord> {
  const { draft, placed } = point;
  await store.makeFolder(paths.folder, store.root);
  await store.makeFolder(paths.points, paths.folder);
  const numbers = await numberDisks(
    store,
    paths,
    draft.disks.map(({ id }) => id),
  );
  const disks: RecordDisk[] = [];
  for (const disk of draft.disks) {
    const number = numbers.get(disk.id) ?? 0;
    await store.makeFolder(paths.disk(number), paths.folder);
    disks.push({ ...disk, number, ...(await place(store, paths, point, disk, number)) });
    await store.syncFolder(paths.disk(number));
  }
  const artifacts = await placeArtifacts(store, paths, draft, point.artifacts, placed);
  const sum = disks.reduce((total, { storedBytes }) => total + storedBytes, 0);
  return {
    ...emptyRecord(draft),
    disks,
    artifacts,
    parentId: newestOf([...bases.values()].map(({ record }) => record))?.id ?? null,
    storedBytes: artifacts.reduce((total, { sizeBytes }) => total + sizeBytes, sum),
    states: point.states,
    findings: [...draft.findings, ...store.findings.filter(({ code }) => OF_EACH_POINT.includes(code))],
  };
}

async function place(
  store: LocalStore,
  paths: MachinePaths,
  { draft, disks, states, placed }: PointToCommit,
  disk: DraftDisk,
  number: number,
): Promise<PlacedDisk> {
  const partial = disks.get(disk.id);
  if (partial === undefined) throw new RangeError(`no writer of disk ${disk.id}`);
  const kind = kindOfFile(disk.base !== null, draft.kind);
  const state = states.find((other) => other.disks.includes(disk.id));
  const { id: point, instant, at } = draft;
  const toPlace = { point, instant, at, number, id: disk.id, kind, partial, state, replaces: [] };
  return placeDisk(store, paths, toPlace, placed);
}

/** What a data file is called by: a full needs no other file. */
export function kindOfFile(hasBase: boolean, pointKind: PointRecord['kind']): PointRecord['kind'] {
  if (!hasBase) return 'full';
  return pointKind === 'differential' ? 'differential' : 'incremental';
}

function sameInstant(committed: PointRecord, draft: PointDraft): PointRecord {
  if (committed.instant === draft.instant) return committed;
  throw new SendenseError('CONFLICT', `point ${draft.id} is there already, of another instant`, {
    operation: 'commit-point',
    remedy: 'give each point an id of its own',
    context: { point: draft.id, instant: committed.instant },
  });
}
