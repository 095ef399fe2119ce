import type { CaseReport, StoreReport } from '@sendense/object-repository/validate';
import type { VerbResult } from '../verb.ts';
import { describeFindings, findingLines } from './describe-findings.ts';

const OUTCOMES: Readonly<Record<CaseReport['outcome'], string>> = {
  kept: 'kept',
  broken: 'BROKEN',
  'not-offered': 'not offered',
  untested: 'could not be tested',
};

/** What was found of each promise of a store, as the command line prints it. */
export function describeValidation(report: StoreReport): VerbResult {
  const { location, isUsable: ok, cases, findings } = report;
  return {
    json: {
      ok,
      location,
      checks: cases.map(({ name, clause, outcome, reason, durationMs }) => ({
        name,
        ok: outcome === 'kept' || outcome === 'not-offered',
        detail: reason ?? OUTCOMES[outcome],
        outcome,
        clause,
        durationMs,
      })),
      findings: describeFindings(findings),
    },
    lines: [
      ...cases.map(({ name, outcome }) => `${OUTCOMES[outcome].padEnd(20)} ${name}`),
      ...findingLines(findings),
      `${location} ${ok ? 'keeps what repositories need' : 'is not fit for repositories'}`,
    ],
    exitCode: exitCodeOf(report),
  };
}

/** A broken promise is a difference that was found; what could only not be tested is a failure. */
function exitCodeOf({ isUsable, findings }: StoreReport): 0 | 1 | 3 {
  if (isUsable) return 0;
  const isBroken = findings.some(
    ({ code, severity }) => code === 'store-promise-broken' && severity === 'error',
  );
  return isBroken ? 3 : 1;
}
