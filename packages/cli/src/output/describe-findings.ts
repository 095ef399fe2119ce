import { basename } from 'node:path';
import type { Finding } from '@sendense/core';
import { printable } from './printable.ts';

/** A finding as the command line prints it. */
export type PrintedFinding = {
  readonly severity: string;
  readonly code: string;
  readonly pointId: string | null;
  readonly disk: string | null;
  readonly object: string | null;
  readonly message: string;
};

/** See {@link PrintedFinding}. */
export function describeFindings(findings: readonly Finding[]): PrintedFinding[] {
  return findings.map((finding) => ({
    severity: finding.severity,
    code: finding.code,
    pointId: finding.point ?? null,
    disk: finding.disk ?? null,
    object: finding.object ?? null,
    message: finding.message,
  }));
}

/** What a line tells of a finding, whoever found it. */
type ToldFinding = {
  readonly severity: string;
  readonly message: string;
  readonly object?: string | null | undefined;
};

/** One line a finding. */
export function findingLines(findings: readonly ToldFinding[]): string[] {
  return findings.map(({ severity, message, object }) => {
    const named = object === undefined || object === null || message.includes(basename(object));
    return printable(`${severity}: ${named ? '' : `${object}: `}${message}`);
  });
}
