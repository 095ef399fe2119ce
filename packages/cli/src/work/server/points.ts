import type { Backup } from '@sendense/api';
import type { Json } from '@sendense/core';
import type { PrintedChain } from '../../output/describe-chain.ts';
import type { PrintedPoint, PrintedPointDetails } from '../../output/describe-point.ts';
import type { MachineOption, RepositoryOption } from '../../program/shared-flags.ts';
import type { ChainOptions, PointOptions, PrintedDeletion } from '../work.ts';
import type { Desk } from './desk.ts';
import { LONG_CALL_MS } from './long-call.ts';

/** The points that the caller sees in one repository, or in all; or those of a machine. Oldest first over all repositories. */
export async function listPoints(
  { client, session }: Desk,
  { repository, machine }: RepositoryOption & MachineOption,
): Promise<PrintedPoint[]> {
  const { backups } = await client.listBackups({ repository, vm_name: machine }, session.call);
  // the server lists one repository after the other
  return backups.map(printPoint).toSorted((a, b) => Date.parse(a.instant) - Date.parse(b.instant));
}

/** One point with its machine. */
export async function showPoint(
  { client, session }: Desk,
  options: PointOptions,
): Promise<PrintedPointDetails> {
  const { spec, ...backup } = await client.showBackup(fieldsOf(options), session.call);
  // plain JSON by its schema; the round trip leaves out absent fields
  return { ...printPoint(backup), spec: JSON.parse(JSON.stringify(spec)) as Json };
}

/** What the newest point of a machine is read through. */
export async function showChain(
  { client, session }: Desk,
  { repository, machine }: ChainOptions,
): Promise<PrintedChain> {
  const chain = await client.showBackupChain({ repository, vm_name: machine }, session.call);
  return {
    machine: chain.machine_id,
    machineName: chain.vm_name,
    disks: chain.disks.map(({ id, chain: links, total_bytes: totalBytes }) => ({
      id,
      chain: links.map(({ backup_id: pointId, backup_type: kind, stored_bytes: bytesStored }) => ({
        pointId,
        kind,
        path: null,
        bytesStored,
      })),
      totalBytes,
    })),
  };
}

/** Deletes a point. The catalog of the server is its own affair: there are no findings. */
export async function deletePoint({ client }: Desk, options: PointOptions): Promise<PrintedDeletion> {
  // without the signal: what was asked for is done, whoever waits for it
  const call = { timeoutMs: LONG_CALL_MS };
  const { removed, freed_bytes: freedBytes } = await client.deleteBackup(fieldsOf(options), call);
  return { removed, freedBytes, findings: [] };
}

function fieldsOf({ repository, backupId }: PointOptions) {
  return { backup_id: backupId, repository };
}

/** A server does not tell where its files are. */
function printPoint(backup: Backup): PrintedPoint {
  return {
    id: backup.backup_id,
    repository: backup.repository,
    instant: backup.instant,
    machine: backup.machine_id,
    machineName: backup.vm_name,
    kind: backup.backup_type,
    parentId: backup.parent_id,
    consistency: backup.consistency,
    bytesStored: backup.stored_bytes,
    held: backup.held,
    note: backup.note,
    disks: backup.disks.map(({ id, size_bytes: sizeBytes }) => ({ id, sizeBytes, path: null })),
  };
}
