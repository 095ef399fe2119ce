import type { Finding } from '@sendense/core';
import type { UnitName } from '../check/file-parts.ts';

/** The most findings that are listed one by one. */
const MAX_FINDINGS = 100;

/** What a structure check found. */
export type CheckResult = {
  /** Damage: tables and refcounts that contradict each other or the format. */
  readonly errors: number;
  /** Clusters, blocks or grains that nothing refers to: space lost, no damage. */
  readonly leaks: number;
  /** The first hundred, and one more that tells when there are others. */
  readonly findings: readonly Finding[];
};

/** Collects what a check finds, in bounded memory. */
export class CheckLog {
  readonly #object: string;
  readonly #findings: Finding[] = [];
  #errors = 0;
  #leaks = 0;
  #warnings = 0;

  /** `object` is the path of the image. */
  constructor(object: string) {
    this.#object = object;
  }

  error(code: string, message: string): void {
    this.#errors += 1;
    this.#add({ severity: 'error', code, message, object: this.#object });
  }

  /** Something a careful user should know, and no damage. */
  warning(code: string, message: string): void {
    this.#warnings += 1;
    this.#add({ severity: 'warning', code, message, object: this.#object });
  }

  /** `unit` is what the format calls it. */
  leak(unit: 'cluster' | UnitName, message: string): void {
    this.#leaks += 1;
    this.#add({ severity: 'warning', code: `${unit}-leaked`, message, object: this.#object });
  }

  result(): CheckResult {
    const more = this.#errors + this.#leaks + this.#warnings - this.#findings.length;
    const rest = {
      severity: 'info',
      code: 'findings-omitted',
      message: `${more} more are not listed`,
    } as const;
    return {
      errors: this.#errors,
      leaks: this.#leaks,
      findings: more > 0 ? [...this.#findings, rest] : this.#findings,
    };
  }

  #add(finding: Finding): void {
    if (this.#findings.length < MAX_FINDINGS) this.#findings.push(finding);
  }
}
