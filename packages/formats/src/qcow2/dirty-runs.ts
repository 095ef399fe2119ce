/** Set bits `[first, end)`. */
export type BitRun = { readonly first: number; readonly end: number };

/** The runs of set bits in `bytes` (bit 0 of byte 0 is bit `base`), ascending, skipping zeros by the word. */
export function* dirtyRuns(bytes: Uint8Array, base: number): Generator<BitRun> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let first: number | undefined;
  let at = 0;
  for (; at + 4 <= bytes.byteLength; at += 4) {
    const word = view.getUint32(at, true);
    if (word === 0 && first === undefined) continue;
    if (word === 0xffff_ffff && first !== undefined) continue;
    first = yield* runsOfWord(word, 32, base + at * 8, first);
  }
  for (; at < bytes.byteLength; at += 1)
    first = yield* runsOfWord(view.getUint8(at), 8, base + at * 8, first);
  if (first !== undefined) yield { first, end: base + bytes.byteLength * 8 };
}

function* runsOfWord(
  word: number,
  bits: number,
  base: number,
  open: number | undefined,
): Generator<BitRun, number | undefined> {
  let first = open;
  for (let bit = 0; bit < bits; bit += 1) {
    const set = ((word >>> bit) & 1) === 1;
    if (set) first ??= base + bit;
    else if (first !== undefined) {
      yield { first, end: base + bit };
      first = undefined;
    }
  }
  return first;
}
