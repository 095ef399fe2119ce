/** A decimal number of at least `least` that a JavaScript number holds exactly; `undefined` for everything else. */
export function wholeNumber(text: string | undefined, least = 0): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) && number >= least ? number : undefined;
}
