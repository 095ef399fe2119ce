import { isAbsolute, join } from 'node:path';
import type { Finding, Json } from '@sendense/core';
import type { BackupForecast, BackupResult } from '@sendense/engine';
import { describeFindings, findingLines } from './describe-findings.ts';
import { formatBytes, formatDuration } from './human-size.ts';

/** A finished backup as the command line prints it. */
export function describeBackup(
  result: BackupResult,
  folder: string,
  findings: readonly Finding[],
): { readonly [key: string]: Json } {
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
export function backupLines(result: BackupResult, findings: readonly Finding[]): string[] {
  const why = result.reasonText === null ? '' : ` (${result.reasonText})`;
  const seconds = Math.max(result.durationMs, 1) / 1000;
  return [
    `${result.machineName}: ${result.kind}${why}`,
    `  point   ${result.pointId}`,
    `  read    ${formatBytes(result.bytesRead)}, changed ${formatBytes(result.changedBytes)}, stored ${formatBytes(result.bytesStored)}`,
    `  took    ${formatDuration(result.durationMs)} (${formatBytes(result.bytesRead / seconds)}/s)`,
    ...result.skipped.map(({ id, reason }) => `  skipped ${id}: ${reason}`),
    ...findingLines(findings).map((line) => `  ${line}`),
  ];
}

/** A dry run as the command line prints it. */
export function describeForecast(
  forecast: BackupForecast,
  machineName: string,
): { readonly [key: string]: Json } {
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
export function forecastLines(forecast: BackupForecast, machineName: string): string[] {
  const why = forecast.reasonText === null ? '' : ` (${forecast.reasonText})`;
  const amount = `${forecast.predictedAtMost ? 'at most' : 'about'} ${formatBytes(forecast.predictedBytes)}`;
  return [
    `${machineName}: would be ${forecast.kind}${why}, ${amount}`,
    ...forecast.skipped.map(({ id, reason }) => `  skipped ${id}: ${reason}`),
    ...findingLines(forecast.findings).map((line) => `  ${line}`),
  ];
}
