import { resolve } from 'node:path';
import type { Json } from '@sendense/core';
import type { RestoreMachineResult, RestoreStatus } from '@sendense/engine';
import { describeFindings, findingLines, type PrintedFinding } from './describe-findings.ts';
import { formatBytes, formatDuration } from './human-size.ts';
import { textTable } from './text-table.ts';

/** What a restore wrote to, as it was named: a machine, else the file or folder at `path`. */
function targetOf({ machine }: RestoreMachineResult, path: string): string {
  return machine?.id ?? resolve(path);
}

/** A finished restore as the command line prints it. */
export type PrintedRestore = {
  readonly jobId: string;
  readonly pointId: string;
  /** The machine, the file or the folder; the name of the target at a server. */
  readonly target: string;
  readonly disks: readonly {
    readonly id: string;
    readonly sizeBytes: number;
    /** Where it is; `null` of a server. */
    readonly path: string | null;
  }[];
  readonly bytesWritten: number;
  readonly durationMs: number;
  readonly verified: boolean;
  readonly verifyMs: number;
  readonly findings: readonly PrintedFinding[];
};

/** See {@link PrintedRestore}; `path` is the file or folder that was named. */
export function describeRestore(result: RestoreMachineResult, path: string): PrintedRestore {
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
export function restoreLines(result: PrintedRestore): string[] {
  const verified = result.verified ? `verified in ${formatDuration(result.verifyMs)}` : 'not verified';
  return [
    `restored ${result.pointId} to ${result.target}`,
    `  written ${formatBytes(result.bytesWritten)} in ${formatDuration(result.durationMs)}, ${verified}`,
    ...result.disks.map((disk) =>
      `  ${disk.id}  ${formatBytes(disk.sizeBytes)}  ${disk.path ?? ''}`.trimEnd(),
    ),
    ...findingLines(result.findings).map((line) => `  ${line}`),
  ];
}

/** How far a restore is, as the command line prints it. */
export type PrintedRestoreStatus = {
  readonly jobId: string;
  readonly pointId: string;
  readonly state: string;
  readonly steps: readonly { readonly name: string; readonly state: string; readonly error: Json }[];
  readonly percent: number;
  readonly etaSeconds: number | null;
  readonly verified: boolean;
  readonly createdAt: string;
};

/** See {@link PrintedRestoreStatus}. */
export function describeRestoreStatus(status: RestoreStatus): PrintedRestoreStatus {
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
export function restoreStatusLines(status: PrintedRestoreStatus): string[] {
  const eta = status.etaSeconds === null ? '' : `, ${formatDuration(status.etaSeconds * 1000)} left`;
  return [
    `restore ${status.jobId} of ${status.pointId}: ${status.state}, ${Math.floor(status.percent)} %${eta}`,
    ...textTable(
      ['STEP', 'STATE', 'ERROR'],
      status.steps.map(({ name, state, error }) => [name, state, messageOf(error)]),
    ).map((line) => `  ${line}`),
  ];
}
