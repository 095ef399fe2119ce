/** What each group of rows waits for. */
const WAITS_FOR: readonly (readonly [RegExp, string])[] = [
  [/^browse-first$/, 'browsing files of a point does not exist yet'],
];

/** Why a row has nothing to measure. */
export function absenceOf(name: string): string {
  const found = WAITS_FOR.find(([pattern]) => pattern.test(name));
  if (found === undefined) throw new TypeError(`row ${name} is neither measured nor explained`);
  return found[1];
}
