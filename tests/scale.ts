/**
 * How much work a randomised or exhaustive test does: 1 in CI, 20 by hand, set by `SENDENSE_TEST_SCALE`.
 * Multiply the number of runs by it.
 */
export function testScale(): number {
  return positive('SENDENSE_TEST_SCALE', 1);
}

/**
 * The seed of randomised tests, set by `SENDENSE_TEST_SEED`; without it always the same, so that a failure
 * of the test run can be repeated.
 */
export function testSeed(): number {
  return positive('SENDENSE_TEST_SEED', 20_261_121);
}

function positive(name: string, fallback: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!(value > 0)) throw new TypeError(`${name} must be a number above 0, not "${text}"`);
  return value;
}
