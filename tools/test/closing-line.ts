import type { Tally } from './tally.ts';

/** The last line of a test run: `N passed, N failed`, and `, N skipped` when any was. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
