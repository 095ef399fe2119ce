/** A generator of numbers from 0 up to `below` (mulberry32). */
export function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const PIECES = [
  '',
  '<',
  '>',
  '&',
  '"',
  '&#0;',
  '\u0000',
  '-1',
  '9'.repeat(30),
  '<![CDATA[',
  ']]>',
  '<a/>',
  '<!--',
];

/** Changes the text of elements to one of `pieces`, so that the document stays well formed, or any place of it. */
export function damage(
  text: string,
  next: (below: number) => number,
  pieces: readonly string[] = PIECES,
): string {
  const values = [...text.matchAll(/>([^<>]+)</g)];
  const at = values[next(values.length)];
  const piece = pieces[next(pieces.length)] ?? '';
  if (next(3) > 0 && at !== undefined)
    return (
      text.slice(0, at.index + 1) + piece.replaceAll(/[<>&]/g, '') + text.slice(at.index + at[0].length - 1)
    );
  const from = next(text.length);
  return text.slice(0, from) + piece + text.slice(from + next(40));
}
