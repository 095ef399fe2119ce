import type { Finding } from '@sendense/core';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { isKept, readRecords } from './mount-record.ts';
import { removeRests } from './remove-rests.ts';

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
 * `directory` is that of their options.
 */
export async function reconcileMounts(directory: string): Promise<ReconciledMounts> {
  if ((await nodeFileSystem.stat(directory)) === undefined) return { removed: [], findings: [] };
  const place = await nodeFileSystem.realPath(directory);
  const removed: string[] = [];
  const findings: Finding[] = [];
  for (const record of await readRecords(place)) {
    if (isKept(record)) continue;
    findings.push(...(await removeRests(place, record)));
    findings.push(removedRests(record.id, record.path));
    removed.push(record.id);
  }
  return { removed, findings };
}

function removedRests(id: string, path: string): Finding {
  const message = `the mount ${id} at ${path} was left by a process that died; it is gone now`;
  return { severity: 'info', code: 'mount-removed', message, object: id };
}
