import { resolve } from 'node:path';
import type { Json } from '@sendense/core';
import type { RestoreMachineResult, RestoreStatus } from '@sendense/engine';
import { describeFindings, findingLines } from './describe-findings.ts';
import { formatBytes, formatDuration } from './human-size.ts';
import { textTable } from './text-table.ts';

/** What a restore wrote to, as it was named: a machine, else the file or folder at `path`. */
function targetOf({ machine }: RestoreMachineResult, path: string): string {
  return machine?.id ?? resolve(path);
}

/** A finished restore to `path` as the command line prints it. */
export function describeRestore(
  result: RestoreMachineResult,
  path: string,
): { readonly [key: string]: Json } {
  return {
    jobId: result.jobId,
    pointId: result.pointId,
    target: targetOf(result, path),
    disks: result.disks.map(({ id, sizeBytes, location }) => ({ id, sizeBytes, path: location })),
    bytesWritten: result.bytesWritten,
    durationMs: Math.round(result.durationMs),
    verified: result.verified,
    verifyMs: Math.round(result.verifyMs),
    findings: describeFindings(result.findings),
  };
}

/** The same for a person. */
export function restoreLines(result: RestoreMachineResult, path: string): string[] {
  const verified = result.verified ? `verified in ${formatDuration(result.verifyMs)}` : 'not verified';
  return [
    `restored ${result.pointId} to ${targetOf(result, path)}`,
    `  written ${formatBytes(result.bytesWritten)} in ${formatDuration(result.durationMs)}, ${verified}`,
    ...result.disks.map((disk) => `  ${disk.id}  ${formatBytes(disk.sizeBytes)}  ${disk.location}`),
    ...findingLines(result.findings).map((line) => `  ${line}`),
  ];
}

/** How far a restore is, as the command line prints it. */
export function describeRestoreStatus(status: RestoreStatus): { readonly [key: string]: Json } {
  return {
    jobId: status.jobId,
    pointId: status.pointId,
    state: status.state,
    steps: status.steps.map(({ name, state, error }) => ({ name, state, error })),
    percent: status.percent,
    etaSeconds: status.etaSeconds,
    verified: status.verified,
    createdAt: status.createdAt.toISOString(),
  };
}

function messageOf(error: Json): string {
  if (error === null || typeof error !== 'object' || !('message' in error)) return '';
  return typeof error.message === 'string' ? error.message : '';
}

/** The same for a person. */
export function restoreStatusLines(status: RestoreStatus): string[] {
  const eta = status.etaSeconds === null ? '' : `, ${formatDuration(status.etaSeconds * 1000)} left`;
  return [
    `restore ${status.jobId} of ${status.pointId}: ${status.state}, ${Math.floor(status.percent)} %${eta}`,
    ...textTable(
      ['STEP', 'STATE', 'ERROR'],
      status.steps.map(({ name, state, error }) => [name, state, messageOf(error)]),
    ).map((line) => `  ${line}`),
  ];
}
