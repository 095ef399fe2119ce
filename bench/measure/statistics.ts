/** A median with the interval that holds the true one with at least the confidence that is stated. */
export type Estimate = {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Probability that the interval holds the median, from 0 to 1; below 0.9 when there are too few values. */
  readonly confidence: number;
};

const WANTED_CONFIDENCE = 0.9;

/** The middle value, of an even number the mean of both; throws of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)];
  if (upper === undefined) throw new RangeError('nothing has no median');
  const lower = Number.isInteger(middle) ? (sorted[middle - 1] ?? upper) : upper;
  return (lower + upper) / 2;
}

/**
 * Median and its 90 % interval by order statistics: the narrowest symmetric pair of values between which the median of
 * any distribution lies so often (binomial with p = ½). Fewer than five values give less confidence, which is told.
 */
export function estimate(values: readonly number[]): Estimate {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  let cut = 0;
  while (cut + 1 < count / 2 && coverage(count, cut + 1) >= WANTED_CONFIDENCE) cut += 1;
  const low = sorted[cut];
  const high = sorted[count - 1 - cut];
  if (low === undefined || high === undefined) throw new RangeError('nothing has no median');
  return { median: median(sorted), low, high, confidence: coverage(count, cut) };
}

/** How often the median lies between the values number `cut` from below and from above, of `count`. */
function coverage(count: number, cut: number): number {
  let outside = 0;
  for (let below = 0; below <= cut; below++) outside += binomial(count, below);
  return 1 - 2 * (outside / 2 ** count);
}

function binomial(count: number, chosen: number): number {
  let result = 1;
  for (let index = 0; index < chosen; index++) result = (result * (count - index)) / (index + 1);
  return result;
}
