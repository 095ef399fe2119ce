import type { ApiFinding } from '@sendense/api';
import type { PrintedFinding } from '../../output/describe-findings.ts';

/** Findings of a server as the command line prints them. */
export function printFindings(findings: readonly ApiFinding[]): PrintedFinding[] {
  return findings.map(({ severity, code, message, object, disk, backup_id: pointId }) => ({
    severity,
    code,
    pointId,
    disk,
    object,
    message,
  }));
}
