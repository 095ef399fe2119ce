import type { Finding } from '@sendense/core';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { reconcileRecords } from './reconcile-records.ts';

/** What processes that died had left, and is gone now. */
export type ReconciledMounts = {
  /** Ids of mounts. */
  readonly removed: readonly string[];
  readonly findings: readonly Finding[];
};

/** The real path of the folder of all mounts, by which the system names what lies in it; made where it is missing. */
export async function openDirectory(directory: string): Promise<string> {
  await nodeFileSystem.makeDirectory(directory);
  return nodeFileSystem.realPath(directory);
}

/**
 * Takes away what mounts left whose process was killed: mounts, programs, devices, folders. Those of living processes are left alone.
 * What cannot be taken away, and records that cannot be read, are told. `directory` is that of their options; who asks for the same one
 * meanwhile, in this process, waits for the same.
 */
export async function reconcileMounts(directory: string): Promise<ReconciledMounts> {
  if ((await nodeFileSystem.stat(directory)) === undefined) return { removed: [], findings: [] };
  const place = await nodeFileSystem.realPath(directory);
  const { removed, findings } = await reconcileRecords(place);
  return { removed, findings };
}
