import type { VerifyResult } from '@sendense/engine';

/** How far a verification came, as the command line prints it. */
export type PrintedCoverage = {
  /** Nothing of what was asked for is left. */
  readonly complete: boolean;
  readonly depth: 'structure' | 'data';
  /** How much of the data is read: 100 unless there is a sample, 0 with `structure`. */
  readonly samplePercent: number;
  /** Ids of points that were gone through, also by the verifications that this one resumes; `null`: all of the scope. */
  readonly pointsChecked: readonly string[] | null;
  /** Ids of points that were not; one of them may have been begun. */
  readonly pointsLeft: readonly string[];
  /** For `--resume`; `null` when nothing is left. */
  readonly cursor: string | null;
};

/** The JSON of a coverage, and what to tell of it. */
export function describeCoverage(
  { complete, coverage }: Pick<VerifyResult, 'complete' | 'coverage'>,
  depth: 'structure' | 'data',
): { readonly json: PrintedCoverage; readonly lines: readonly string[] } {
  const { checked = null, left = [], sample = 1, cursor = null } = coverage ?? {};
  const samplePercent = depth === 'structure' ? 0 : Number((sample * 100).toPrecision(9));
  const partly = depth === 'data' && samplePercent < 100;
  return {
    json: { complete, depth, samplePercent, pointsChecked: checked, pointsLeft: left, cursor },
    lines: [
      ...(partly ? [`only ${samplePercent} % of the data are read: damage elsewhere is not seen`] : []),
      ...(complete
        ? []
        : [`not complete: ${leftOf(left.length)} are left; go on with`, `  --resume ${cursor}`]),
    ],
  };
}

/** What comes after the last point are directories of packs that were stored meanwhile. */
function leftOf(points: number): string {
  return points === 0 ? 'directories of packs' : `${points} points`;
}
