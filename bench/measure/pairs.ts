/** What one run of a side took. */
export type Measured<T> = { readonly ours: readonly T[]; readonly theirs: readonly T[] };

/**
 * Runs both sides `pairs` times in the order A B B A A B …, so that a machine that gets slower or faster with time
 * favours neither.
 */
export async function inPairs<T>(
  pairs: number,
  ours: () => Promise<T>,
  theirs: () => Promise<T>,
): Promise<Measured<T>> {
  const measured = { ours: [] as T[], theirs: [] as T[] };
  for (let pair = 0; pair < pairs; pair++) {
    if (pair % 2 === 0) measured.ours.push(await ours());
    measured.theirs.push(await theirs());
    if (pair % 2 === 1) measured.ours.push(await ours());
  }
  return measured;
}

/** Ours divided by theirs, pair by pair. */
export function ratios({ ours, theirs }: Measured<number>): number[] {
  return ours.map((value, pair) => value / (theirs[pair] ?? Number.NaN));
}
