import { isAbsolute, join } from 'node:path';
import type { Finding } from '@sendense/core';
import type { BackupForecast, BackupResult } from '@sendense/engine';
import { describeFindings, findingLines, type PrintedFinding } from './describe-findings.ts';
import { formatBytes, formatDuration } from './human-size.ts';

/** A disk that is not in a backup. */
type PrintedSkip = { readonly id: string; readonly diskId: string; readonly reason: string };

/** A finished backup as the command line prints it. */
export type PrintedBackup = {
  readonly jobId: string;
  readonly pointId: string;
  /** Key of the machine. */
  readonly machine: string;
  readonly machineName: string;
  /** ISO 8601 UTC with milliseconds. */
  readonly instant: string;
  readonly kind: string;
  readonly reason: string | null;
  readonly reasonText: string | null;
  readonly parentId: string | null;
  readonly consistency: string;
  readonly bytesRead: number;
  readonly changedBytes: number;
  readonly bytesStored: number;
  readonly durationMs: number;
  readonly disks: readonly {
    readonly id: string;
    readonly sizeBytes: number;
    /** Absolute; `null` where the repository keeps no plain files, and of a server. */
    readonly path: string | null;
    readonly kind: string;
    readonly reason: string | null;
  }[];
  readonly skipped: readonly PrintedSkip[];
  readonly findings: readonly PrintedFinding[];
};

/** See {@link PrintedBackup}; `folder` is that of the repository. */
export function describeBackup(
  result: BackupResult,
  folder: string,
  findings: readonly Finding[],
): PrintedBackup {
  return {
    jobId: result.jobId,
    pointId: result.pointId,
    machine: result.machine,
    machineName: result.machineName,
    instant: result.instant.toISOString(),
    kind: result.kind,
    reason: result.reason,
    reasonText: result.reasonText,
    parentId: result.parentId,
    consistency: result.consistency,
    bytesRead: result.bytesRead,
    changedBytes: result.changedBytes,
    bytesStored: result.bytesStored,
    durationMs: Math.round(result.durationMs),
    disks: result.disks.map((disk) => ({
      id: disk.id,
      sizeBytes: disk.sizeBytes,
      path: disk.path === null || isAbsolute(disk.path) ? disk.path : join(folder, disk.path),
      kind: disk.kind,
      reason: disk.reason,
    })),
    skipped: result.skipped.map((disk) => ({ ...disk })),
    findings: describeFindings(findings),
  };
}

/** The same for a person. */
export function backupLines(result: PrintedBackup): string[] {
  const why = result.reasonText === null ? '' : ` (${result.reasonText})`;
  const seconds = Math.max(result.durationMs, 1) / 1000;
  return [
    `${result.machineName}: ${result.kind}${why}`,
    `  point   ${result.pointId}`,
    `  read    ${formatBytes(result.bytesRead)}, changed ${formatBytes(result.changedBytes)}, stored ${formatBytes(result.bytesStored)}`,
    `  took    ${formatDuration(result.durationMs)} (${formatBytes(result.bytesRead / seconds)}/s)`,
    ...result.skipped.map(({ id, reason }) => `  skipped ${id}: ${reason}`),
    ...findingLines(result.findings).map((line) => `  ${line}`),
  ];
}

/** A dry run as the command line prints it. */
export type PrintedForecast = {
  readonly machine: string;
  readonly machineName: string;
  readonly kind: string;
  readonly reason: string | null;
  readonly reasonText: string | null;
  readonly predictedBytes: number;
  /** `predictedBytes` is only the most it can be. */
  readonly predictedAtMost: boolean;
  readonly predictedReadBytes: number;
  readonly parentId: string | null;
  readonly skipped: readonly PrintedSkip[];
  readonly findings: readonly PrintedFinding[];
};

/** See {@link PrintedForecast}. */
export function describeForecast(forecast: BackupForecast, machineName: string): PrintedForecast {
  return {
    machine: forecast.machine,
    machineName,
    kind: forecast.kind,
    reason: forecast.reason,
    reasonText: forecast.reasonText,
    predictedBytes: forecast.predictedBytes,
    predictedAtMost: forecast.predictedAtMost,
    predictedReadBytes: forecast.predictedReadBytes,
    parentId: forecast.parentId,
    skipped: forecast.skipped.map((disk) => ({ ...disk })),
    findings: describeFindings(forecast.findings),
  };
}

/** The same for a person. */
export function forecastLines(forecast: PrintedForecast): string[] {
  const why = forecast.reasonText === null ? '' : ` (${forecast.reasonText})`;
  const amount = `${forecast.predictedAtMost ? 'at most' : 'about'} ${formatBytes(forecast.predictedBytes)}`;
  return [
    `${forecast.machineName}: would be ${forecast.kind}${why}, ${amount}`,
    ...forecast.skipped.map(({ id, reason }) => `  skipped ${id}: ${reason}`),
    ...findingLines(forecast.findings).map((line) => `  ${line}`),
  ];
}
