import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';

// Format: [MS-XCA] 2.5, LZNT1.
const CHUNK_BYTES = 4096;
const HEADER = { bytes: 2, length: 0x0fff, compressed: 0x8000 };
/** Bits of a pair that tell its length: fewer, the farther it may reach back. */
const MOST_LENGTH_BITS = 12;
const LEAST_LENGTH = 3;

/**
 * What was compressed into `bytes`, as `size` bytes: each chunk is 4 KiB of it, what a chunk does not fill and what no chunk is there
 * for are zeros. Throws `CORRUPT`, also where there is no chunk at all: what holds nothing but zeros has no clusters.
 */
export function decompressLznt1(bytes: Uint8Array, size: number): Uint8Array {
  const fields = new Fields(bytes);
  const out = new Uint8Array(size);
  let at = 0;
  for (let start = 0; start < size && at + HEADER.bytes <= bytes.byteLength; start += CHUNK_BYTES) {
    const header = fields.u16(at);
    if (header === 0 && at > 0) break;
    if (header === 0) throw damaged('a compressed unit has clusters, and nothing in them');
    const end = at + HEADER.bytes + (header & HEADER.length) + 1;
    if (end > bytes.byteLength) throw damaged('a compressed chunk is cut off');
    const chunk = bytes.subarray(at + HEADER.bytes, end);
    const into = out.subarray(start, start + CHUNK_BYTES);
    if ((header & HEADER.compressed) !== 0) decompressChunk(chunk, into);
    else if (chunk.byteLength <= into.byteLength) into.set(chunk);
    else throw damaged('a chunk is larger than any');
    at = end;
  }
  return out;
}

/** Groups of eight, each a bit in the byte before them: a byte as it is, or a pair of how far back and how long. */
function decompressChunk(chunk: Uint8Array, into: Uint8Array): void {
  let done = 0;
  let kinds = 0;
  for (let at = 0, index = 0; at < chunk.byteLength; index += 1) {
    if (index % 8 === 0) {
      kinds = chunk[at] ?? 0;
      at += 1;
      if (at === chunk.byteLength) return;
    }
    if ((kinds & (1 << (index % 8))) === 0) {
      if (done === into.byteLength) throw tooLong();
      into[done] = chunk[at] ?? 0;
      done += 1;
      at += 1;
    } else {
      if (at + 2 > chunk.byteLength) throw damaged('a compressed chunk ends early');
      done = copyBack(into, done, (chunk[at] ?? 0) | ((chunk[at + 1] ?? 0) << 8));
      at += 2;
    }
  }
}

/** Repeats what came before; what it repeats may be what it writes. */
function copyBack(into: Uint8Array, done: number, pair: number): number {
  const lengthBits = lengthBitsAt(done);
  const from = done - (pair >> lengthBits) - 1;
  const end = done + (pair & ((1 << lengthBits) - 1)) + LEAST_LENGTH;
  if (from < 0) throw damaged('a compressed chunk repeats what was not there');
  if (end > into.byteLength) throw tooLong();
  for (let to = done; to < end; to += 1) into[to] = into[from + to - done] ?? 0;
  return end;
}

function lengthBitsAt(done: number): number {
  let bits = MOST_LENGTH_BITS;
  for (let reach = done - 1; reach >= 16; reach >>= 1) bits -= 1;
  return bits;
}

function tooLong(): Error {
  return damaged('a compressed chunk holds more than one can');
}
