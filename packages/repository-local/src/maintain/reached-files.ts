import { basename, dirname, join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { sidecarName } from '../layout/data-file-name.ts';
import type { MachinePaths } from '../layout/machine-paths.ts';
import type { PointRecord } from '../records/point-record.ts';
import { below, isAlias, type Sidecar } from '../records/sidecar.ts';
import type { LocalStore } from '../store/local-store.ts';
import { readSidecar } from '../store/sidecars.ts';

/** The files of a machine that are in use, relative to its folder, and the sidecars of its data files. */
export type ReachedFiles = {
  readonly names: ReadonlySet<string>;
  /** By data file. */
  readonly sidecars: ReadonlyMap<string, Sidecar>;
};

/** Every file that a record or a held data file leads to. Rejects when a sidecar on the way cannot be read. */
export async function reachedFiles(
  store: LocalStore,
  paths: MachinePaths,
  records: readonly PointRecord[],
  held: readonly string[],
): Promise<ReachedFiles> {
  const names = new Set<string>(held);
  const sidecars = new Map<string, Sidecar>();
  const waiting = records.flatMap(({ disks }) => disks.map(({ file }) => file));
  for (const { artifacts } of records) for (const { file } of artifacts) names.add(file);
  waiting.push(...held.filter((name) => name.endsWith('.qcow2')));
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (sidecars.has(file)) continue;
    const sidecar = await sidecarOf(store, paths, file, held);
    if (sidecar === undefined) continue;
    const folder = dirname(file);
    sidecars.set(file, sidecar);
    names.add(file);
    names.add(join(folder, sidecarName(basename(file))));
    if (!isAlias(sidecar)) names.add(join(folder, sidecar.digests.file));
    const next = below(sidecar);
    if (next !== null) waiting.push(join(folder, next));
  }
  return { names, sidecars };
}

/** A held file may be gone: its point was removed before the hold was read. */
async function sidecarOf(
  store: LocalStore,
  paths: MachinePaths,
  file: string,
  held: readonly string[],
): Promise<Sidecar | undefined> {
  try {
    return await readSidecar(store, join(paths.folder, dirname(file)), basename(file));
  } catch (error) {
    if (SendenseError.is(error, 'NOT_FOUND') && held.includes(file)) return undefined;
    throw error;
  }
}
