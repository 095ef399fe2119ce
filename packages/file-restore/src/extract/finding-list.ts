import type { Finding } from '@sendense/core';

/** Findings that are kept of one archive. */
const MOST_FINDINGS = 10_000;

/** What was told while an archive was made: the first 10,000 findings in full, then how many followed. */
export class FindingList {
  readonly #kept: Finding[] = [];
  #others = 0;

  /** Takes in a finding; may be given away as a function. */
  readonly add = (finding: Finding): void => {
    if (this.#kept.length < MOST_FINDINGS) this.#kept.push(finding);
    else this.#others += 1;
  };

  /** All that is to be told; the last one may stand for many. */
  get findings(): readonly Finding[] {
    if (this.#others === 0) return this.#kept;
    const message = `${this.#others} more files or folders are left out or damaged`;
    return [...this.#kept, { severity: 'error', code: 'findings-left-out', message }];
  }
}
