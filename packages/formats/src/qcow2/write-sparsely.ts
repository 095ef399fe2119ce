import type { AppendFile } from './append-file.ts';

const BLOCK_BYTES = 4096;

/** Writes the blocks of `table` that hold anything; the rest of a new cluster is a hole that reads as zeros. */
export async function writeSparsely(file: AppendFile, table: Uint8Array, position: number): Promise<void> {
  const words = new Uint32Array(table.buffer, table.byteOffset, table.byteLength / 4);
  const step = Math.min(BLOCK_BYTES, table.byteLength) / 4;
  for (let from = 0; from < words.length; ) {
    if (isZero(words, from, from + step)) {
      from += step;
      continue;
    }
    let to = from + step;
    while (to < words.length && !isZero(words, to, to + step)) to += step;
    await file.write(table.subarray(from * 4, to * 4), position + from * 4);
    from = to;
  }
}

function isZero(words: Uint32Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (words[at] !== 0) return false;
  return true;
}
