import { join } from 'node:path';
import { type Call, type Finding, type PointId, SendenseError, type VerifyScope } from '@sendense/core';
import type { MachinePaths } from '../layout/machine-paths.ts';
import { ownFiles } from '../maintain/sweep-machine.ts';
import type { PointRecord } from '../records/point-record.ts';
import { REPOSITORY_FILE, repositoryRecord } from '../records/repository-record.ts';
import { isAlias } from '../records/sidecar.ts';
import type { LocalStore } from '../store/local-store.ts';
import { findPointRecord, readPointRecords } from '../store/point-records.ts';
import { readMachine } from '../write/disk-numbers.ts';
import { verifyDataFile } from './verify-data-file.ts';
import { type ChainFile, verifyRecord } from './verify-record.ts';

/** Verifies points and all that they need; see `Repository.verify`. Rejects with `NOT_FOUND` for an unknown point. */
export async function* verifyPoints(
  store: LocalStore,
  scope: VerifyScope,
  call: Call = {},
): AsyncGenerator<Finding> {
  for (const id of scope.points ?? []) await checkKnown(store, id);
  yield* failing(join(store.root, REPOSITORY_FILE), () =>
    store.read(repositoryRecord, join(store.root, REPOSITORY_FILE)),
  );
  let readBytes = 0;
  const onRead = (bytes: number) => {
    readBytes += bytes;
    call.onProgress?.({ done: readBytes, total: null, unit: 'bytes' });
  };
  for (const machine of await store.machines()) {
    yield* verifyMachine(store, store.paths(machine), scope, { ...call, onRead });
  }
}

/** A damaged record is a finding, an id that nothing has is the caller's mistake. */
async function checkKnown(store: LocalStore, id: PointId): Promise<void> {
  await findPointRecord(store, id).catch((error: unknown) => {
    if (SendenseError.is(error, 'NOT_FOUND')) throw error;
  });
}

async function* verifyMachine(
  store: LocalStore,
  paths: MachinePaths,
  scope: VerifyScope,
  call: Call & { readonly onRead: (bytes: number) => void },
): AsyncGenerator<Finding> {
  const { records, unreadable } = await readPointRecords(store, paths);
  const wanted = records.filter(({ id }) => scope.points?.includes(id) ?? true);
  if (wanted.length === 0 && unreadable.length === 0) return;
  yield* failing(paths.record, () => checkMachineRecord(store, paths, records));
  for (const error of unreadable) yield damage(paths.points, error);
  const files = new Map<string, ChainFile>();
  for (const record of wanted) yield* verifyRecord(store, paths, record, records, files);
  for (const file of files.values()) yield* verifyDataFile(store, { ...file, depth: scope.depth }, call);
  if (scope.points === undefined) yield* findUnused(store, paths, records, files);
}

async function checkMachineRecord(
  store: LocalStore,
  paths: MachinePaths,
  records: readonly PointRecord[],
): Promise<void> {
  const machine = await readMachine(store, paths);
  const numbers = new Map(machine?.disks.map(({ id, number }) => [id, number]));
  const wrong = records.flatMap(({ disks }) => disks).find(({ id, number }) => numbers.get(id) !== number);
  if (wrong === undefined && machine?.machine === paths.machine) return;
  throw new SendenseError(
    'CORRUPT',
    `${paths.record} is missing, or does not fit the points of this machine`,
    {
      operation: 'verify-points',
    },
  );
}

/** What is there and belongs to no point: garbage of a run that was cut off or still goes on, or not ours. */
async function* findUnused(
  store: LocalStore,
  paths: MachinePaths,
  records: readonly PointRecord[],
  files: ReadonlyMap<string, ChainFile>,
): AsyncGenerator<Finding> {
  const used = new Set(
    records.flatMap(({ artifacts }) => artifacts.map(({ file }) => join(paths.folder, file))),
  );
  for (const [path, { folder, sidecar }] of files) {
    used.add(path);
    used.add(path.replace(/\.qcow2$/, '.json'));
    if (!isAlias(sidecar)) used.add(join(folder, sidecar.digests.file));
  }
  for (const name of await ownFiles(store, paths)) {
    const object = join(paths.folder, name);
    if (used.has(object)) continue;
    yield { severity: 'info', code: 'file-unused', message: `${object} belongs to no point`, object };
  }
}

async function* failing(object: string, run: () => Promise<unknown>): AsyncGenerator<Finding> {
  try {
    await run();
  } catch (error) {
    if (!SendenseError.is(error)) throw error;
    yield damage(object, error);
  }
}

function damage(object: string, { message }: SendenseError): Finding {
  return { severity: 'error', code: 'record-damaged', message, object };
}
