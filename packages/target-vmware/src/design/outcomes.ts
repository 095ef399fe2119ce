import type { DiskId, Finding, PropertyOutcome } from '@sendense/core';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** What becomes of each property of a machine, and what its user must know of that. */
export class Outcomes {
  readonly findings: Finding[] = [];
  readonly properties: PropertyOutcome[] = [];

  /** `kept` where both are the same, else `approximated`; `lost` where nothing is left. */
  became(property: string, from: unknown, to: unknown): void {
    const told = textOf(from);
    if (to === null) this.properties.push({ property, outcome: 'lost', from: told, to });
    else {
      const outcome = told === textOf(to) ? 'kept' : 'approximated';
      this.properties.push({ property, outcome, from: told, to: textOf(to) });
    }
  }

  tell(severity: Finding['severity'], code: string, message: string, disk?: DiskId): void {
    this.findings.push({ severity, code, message, ...(disk === undefined ? {} : { disk }) });
  }

  /** Nothing makes the restore impossible. */
  get compatible(): boolean {
    return this.findings.every(({ severity }) => severity !== 'error');
  }
}
