import { basename, join } from 'node:path';
import { type Finding, type PointId, SendenseError } from '@sendense/core';
import type { MachinePaths } from '../layout/machine-paths.ts';
import { readArtifact } from '../read/open-point.ts';
import type { PointRecord, RecordDisk } from '../records/point-record.ts';
import { isAlias, type Sidecar } from '../records/sidecar.ts';
import type { LocalStore } from '../store/local-store.ts';
import { recordPath } from '../store/point-records.ts';
import { readChain } from '../store/sidecars.ts';

/** A file of a point's chain that is still to be verified. */
export type ChainFile = { readonly folder: string; readonly sidecar: Sidecar; readonly point: PointId };

/** Verifies what a record says of itself, its links and its artifacts; adds the files of its chains to `files`. */
export async function* verifyRecord(
  store: LocalStore,
  paths: MachinePaths,
  record: PointRecord,
  all: readonly PointRecord[],
  files: Map<string, ChainFile>,
): AsyncGenerator<Finding> {
  const object = recordPath(paths, record);
  const error = (code: string, message: string): Finding => ({
    severity: 'error',
    code,
    message,
    point: record.id,
    object,
  });
  for (const other of all) {
    const same =
      other.stream === record.stream && other.sequence === record.sequence && other.id !== record.id;
    if (same) yield error('sequence-twice', `points ${record.id} and ${other.id} have the same sequence`);
  }
  for (const disk of record.disks) {
    if (!hasBase(all, disk))
      yield error('parent-missing', `disk ${disk.id} builds on ${disk.base}, which is gone`);
    try {
      const folder = paths.disk(disk.number);
      const chain = await readChain(store, folder, basename(disk.file));
      for (const sidecar of chain) {
        const path = join(folder, sidecar.file);
        if (!files.has(path)) files.set(path, { folder, sidecar, point: record.id });
      }
      if (!describes(chain[0], record, disk))
        yield error('record-differs', `${disk.file} is of another point or disk`);
    } catch (cause) {
      if (!SendenseError.is(cause)) throw cause;
      yield error('chain-damaged', cause.message);
    }
  }
  for (const artifact of record.artifacts) {
    try {
      await readArtifact(store, paths, artifact);
    } catch (cause) {
      if (!SendenseError.is(cause)) throw cause;
      yield error('artifact-damaged', cause.message);
    }
  }
}

function hasBase(all: readonly PointRecord[], { id, base }: RecordDisk): boolean {
  return (
    base === null || all.some((other) => other.id === base && other.disks.some((disk) => disk.id === id))
  );
}

function describes(sidecar: Sidecar | undefined, record: PointRecord, disk: RecordDisk): boolean {
  return (
    sidecar !== undefined &&
    !isAlias(sidecar) &&
    sidecar.point === record.id &&
    sidecar.machine === record.machine &&
    sidecar.disk.id === disk.id &&
    sidecar.disk.number === disk.number &&
    sidecar.sizeBytes === disk.sizeBytes &&
    (sidecar.backing === null) === (disk.base === null)
  );
}
