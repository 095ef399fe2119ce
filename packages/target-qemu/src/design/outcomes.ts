import type { DiskId, Finding, PropertyOutcome } from '@sendense/core';

/** Collects what becomes of a machine, and what its user should know of that. */
export class Outcomes {
  readonly findings: Finding[] = [];
  readonly properties: PropertyOutcome[] = [];

  kept(property: string, value: unknown): void {
    const text = textOf(value);
    this.properties.push({ property, outcome: 'kept', from: text, to: text });
  }

  approximated(property: string, from: unknown, to: unknown): void {
    this.properties.push({ property, outcome: 'approximated', from: textOf(from), to: textOf(to) });
  }

  lost(property: string, from: unknown): void {
    this.properties.push({ property, outcome: 'lost', from: textOf(from), to: null });
  }

  /** `kept` where both are the same, else `approximated`. */
  became(property: string, from: unknown, to: unknown): void {
    if (textOf(from) === textOf(to)) this.kept(property, to);
    else this.approximated(property, from, to);
  }

  inform(code: string, message: string): void {
    this.findings.push({ severity: 'info', code, message });
  }

  warn(code: string, message: string, disk?: DiskId): void {
    this.findings.push({ severity: 'warning', code, message, ...(disk === undefined ? {} : { disk }) });
  }

  /** Makes the restore impossible. */
  refuse(code: string, message: string, disk?: DiskId): void {
    this.findings.push({ severity: 'error', code, message, ...(disk === undefined ? {} : { disk }) });
  }

  get compatible(): boolean {
    return this.findings.every(({ severity }) => severity !== 'error');
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
