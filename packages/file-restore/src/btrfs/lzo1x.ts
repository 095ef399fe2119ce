import { damaged } from '../bytes/damage.ts';

// Format: "LZO stream format as understood by Linux's LZO decompressor" (Documentation/staging/lzo.rst of the Linux kernel).
/** How many literals came last, where it was a run of them. */
const AFTER_RUN = 4;

/** What was read of a stream, and what came of it. */
type Progress = { readonly from: Uint8Array; readonly into: Uint8Array; at: number; done: number };

/** A repeat of what came before: how far back, how long, and the literals that follow. */
type Match = { readonly back: number; readonly length: number; readonly literals: number };

/** Decompresses a stream of LZO1X into `into`; how many bytes it holds. Throws `CORRUPT`, also where `into` has no room for them. */
export function decompressLzo1x(from: Uint8Array, into: Uint8Array): number {
  const progress: Progress = { from, into, at: 0, done: 0 };
  let before = begin(progress);
  for (;;) {
    const code = next(progress);
    if (code < 16 && before === 0) {
      copyLiterals(progress, lengthOf(progress, code, 15) + 3);
      before = AFTER_RUN;
      continue;
    }
    const match = matchOf(progress, code, before);
    if (match === undefined) break;
    repeat(progress, match);
    copyLiterals(progress, match.literals);
    before = match.literals;
  }
  if (progress.at !== from.byteLength) throw damaged('data of LZO go on behind their end');
  return progress.done;
}

/** The first byte may say how many literals come first. */
function begin(progress: Progress): number {
  const first = progress.from[0] ?? 0;
  if (first <= 17) return 0;
  progress.at = 1;
  copyLiterals(progress, first - 17);
  return Math.min(AFTER_RUN, first - 17);
}

/** `undefined`: the end. */
function matchOf(progress: Progress, code: number, before: number): Match | undefined {
  const literals = code & 3;
  if (code >= 64)
    return { back: 1 + ((code >> 2) & 7) + next(progress) * 8, length: (code >> 5) + 1, literals };
  if (code >= 32) {
    const length = lengthOf(progress, code & 31, 31) + 2;
    const pair = next(progress) + next(progress) * 256;
    return { back: 1 + (pair >> 2), length, literals: pair & 3 };
  }
  if (code >= 16) {
    const length = lengthOf(progress, code & 7, 7) + 2;
    const pair = next(progress) + next(progress) * 256;
    const back = ((code & 8) << 11) + (pair >> 2);
    return back === 0 ? undefined : { back: back + 0x4000, length, literals: pair & 3 };
  }
  const back = 1 + (code >> 2) + next(progress) * 4;
  return before === AFTER_RUN ? { back: back + 0x800, length: 3, literals } : { back, length: 2, literals };
}

/** A length that did not fit is 0, and what follows says it: 255 for each zero, and the first byte that is none. */
function lengthOf(progress: Progress, short: number, most: number): number {
  if (short !== 0) return short;
  let length = most;
  let byte = next(progress);
  for (; byte === 0; byte = next(progress)) length += 255;
  return length + byte;
}

function next(progress: Progress): number {
  const byte = progress.from[progress.at];
  if (byte === undefined) throw damaged('data of LZO end early');
  progress.at += 1;
  return byte;
}

function copyLiterals(progress: Progress, count: number): void {
  const { from, into, at, done } = progress;
  if (at + count > from.byteLength) throw damaged('data of LZO end early');
  if (done + count > into.byteLength) throw tooLong();
  into.set(from.subarray(at, at + count), done);
  progress.at += count;
  progress.done += count;
}

/** What is repeated may be what is written. */
function repeat(progress: Progress, { back, length }: Match): void {
  const { into, done } = progress;
  if (back > done) throw damaged('data of LZO repeat what was not there');
  if (done + length > into.byteLength) throw tooLong();
  for (let to = done; to < done + length; to += 1) into[to] = into[to - back] ?? 0;
  progress.done += length;
}

function tooLong(): Error {
  return damaged('data of LZO are longer than they may be');
}
