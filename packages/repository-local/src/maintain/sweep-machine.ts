import { dirname, join } from 'node:path';
import { type Call, type Finding, SendenseError } from '@sendense/core';
import { parseDataFileName } from '../layout/data-file-name.ts';
import { diskNumberOf, type MachinePaths } from '../layout/machine-paths.ts';
import type { HoldRecord } from '../records/hold-record.ts';
import { type DiskFileSidecar, isAlias } from '../records/sidecar.ts';
import { readHolds } from '../store/holds.ts';
import type { LocalStore } from '../store/local-store.ts';
import { readPointRecordsFresh } from '../store/point-records.ts';
import { storedBytesOf } from '../store/recovery-point.ts';
import { type ReachedFiles, reachedFiles } from './reached-files.ts';
import { writeAlias } from './write-alias.ts';

/** What a sweep did. */
export type SweepReport = { readonly freedBytes: number; readonly findings: readonly Finding[] };

/**
 * Finishes replacements that were cut off and removes the files of a machine that nothing leads to; takes the machine's
 * lock. Files that open readers hold stay until a later sweep. Never removes what it is not sure of.
 */
export async function sweepMachine(
  store: LocalStore,
  paths: MachinePaths,
  call?: Call,
): Promise<SweepReport> {
  if ((await store.fileSystem.stat(paths.folder)) === undefined) return { freedBytes: 0, findings: [] };
  try {
    return await store.withLock(paths, call, () => sweep(store, paths));
  } catch (error) {
    store.session.leaveUnfinished();
    // Damage must not keep a repository from being opened; verify tells of it.
    if (!SendenseError.is(error, 'CORRUPT') && !SendenseError.is(error, 'FORMAT_UNSUPPORTED')) throw error;
    return { freedBytes: 0, findings: [notSwept(paths, error.message)] };
  }
}

async function sweep(store: LocalStore, paths: MachinePaths): Promise<SweepReport> {
  const { records, unreadable } = await readPointRecordsFresh(store, paths);
  const [damaged] = unreadable;
  if (damaged !== undefined) throw damaged;
  const holds = await readHolds(store, paths);
  if (holds.some(({ files }) => files === null))
    return { freedBytes: 0, findings: [stillHeld(store, paths)] };
  const held = [...new Set(holds.flatMap(({ files }) => files ?? []))];
  let reached = await reachedFiles(store, paths, records, held);
  const deferred = await finishReplacements(store, paths, reached, holds);
  reached = await reachedFiles(store, paths, records, held);
  const freedBytes = await removeUnreached(store, paths, reached.names);
  const used = await reachedFiles(store, paths, records, []);
  const waits = deferred || [...reached.names].some((name) => !used.names.has(name));
  return { freedBytes, findings: waits ? [stillHeld(store, paths)] : [] };
}

/** Puts aliases where a reached file was replaced; tells whether an open reader keeps one from being put. */
async function finishReplacements(
  store: LocalStore,
  paths: MachinePaths,
  { sidecars }: ReachedFiles,
  holds: readonly HoldRecord[],
): Promise<boolean> {
  const read = new Set(holds.filter(({ kind }) => kind === 'reader').flatMap(({ files }) => files ?? []));
  const targets = replacements(sidecars);
  let deferred = false;
  for (const [file, replaced] of sidecars) {
    const target = isAlias(replaced) ? undefined : targets.get(file);
    if (target === undefined) continue;
    if (read.has(file)) deferred = true;
    else await writeAlias(store, paths, file, target);
  }
  return deferred;
}

/** By replaced file, the file that took its place. */
function replacements(sidecars: ReachedFiles['sidecars']): ReadonlyMap<string, DiskFileSidecar> {
  const targets = new Map<string, DiskFileSidecar>();
  for (const [file, sidecar] of sidecars) {
    if (isAlias(sidecar)) continue;
    for (const name of sidecar.replaces) targets.set(join(dirname(file), name), sidecar);
  }
  return targets;
}

async function removeUnreached(
  store: LocalStore,
  paths: MachinePaths,
  reached: ReadonlySet<string>,
): Promise<number> {
  let freedBytes = 0;
  const folders = new Set<string>();
  for (const name of await ownFiles(store, paths)) {
    if (reached.has(name)) continue;
    const path = join(paths.folder, name);
    const status = await store.fileSystem.stat(path);
    await store.session.retire(path);
    folders.add(dirname(path));
    freedBytes += status === undefined ? 0 : storedBytesOf(status);
  }
  // Before this session ends: nobody would look for what comes back after it.
  for (const folder of folders) await store.syncFolder(folder);
  return freedBytes;
}

/** Files of a machine that have names of ours, relative to its folder; records and `machine.json` are not among them. */
export async function ownFiles(store: LocalStore, paths: MachinePaths): Promise<readonly string[]> {
  const names: string[] = [];
  for (const folder of await store.list(paths.folder)) {
    if (diskNumberOf(folder) === undefined) continue;
    const files = await store.list(join(paths.folder, folder));
    names.push(
      ...files.filter((name) => parseDataFileName(name) !== undefined).map((name) => join(folder, name)),
    );
  }
  const artifacts = await store.list(paths.artifacts);
  return [
    ...names,
    ...artifacts.filter((name) => name.endsWith('.bin')).map((name) => join('artifacts', name)),
  ];
}

/** The next opener sweeps again. */
function stillHeld(store: LocalStore, paths: MachinePaths): Finding {
  store.session.leaveUnfinished();
  return {
    severity: 'info',
    code: 'files-in-use',
    message: 'files of removed points are being read; they are removed later',
    object: paths.folder,
  };
}

function notSwept(paths: MachinePaths, why: string): Finding {
  return {
    severity: 'warning',
    code: 'not-swept',
    message: `nothing was removed, because not every record can be read: ${why}`,
    object: paths.folder,
  };
}
