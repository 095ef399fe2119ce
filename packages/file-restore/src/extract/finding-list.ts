import type { Finding, FindingSeverity } from '@sendense/core';

/** Findings that are kept of one archive, and characters of them. */
const MOST_FINDINGS = 10_000;
const MOST_CHARACTERS = 4 * 2 ** 20;
/** Each is worse than those before it. */
const SEVERITIES: readonly FindingSeverity[] = ['info', 'warning', 'error'];

/** What was told while an archive was made: the first 10,000 findings in full, of very long ones less, then how many followed. */
export class FindingList {
  readonly #kept: Finding[] = [];
  #characters = 0;
  #others = 0;
  /** Place in `SEVERITIES` of the worst of the others. */
  #worst = 0;

  /** Takes in a finding; may be given away as a function. */
  readonly add = (finding: Finding): void => {
    const { message, object = '', severity } = finding;
    const characters = this.#characters + message.length + object.length;
    if (this.#others === 0 && this.#kept.length < MOST_FINDINGS && characters <= MOST_CHARACTERS) {
      this.#kept.push(finding);
      this.#characters = characters;
      return;
    }
    this.#others += 1;
    this.#worst = Math.max(this.#worst, SEVERITIES.indexOf(severity));
  };

  /** All that is to be told; the last one may stand for many, and is as grave as the worst of them. */
  get findings(): readonly Finding[] {
    if (this.#others === 0) return this.#kept;
    const severity = SEVERITIES[this.#worst] ?? 'error';
    const message = `${this.#others} more findings are not kept`;
    return [...this.#kept, { severity, code: 'findings-left-out', message }];
  }
}
