/** What is looked at of a block: this much of each eighth. */
const SAMPLE_BYTES = 512;
const SAMPLES = 8;
const SAMPLED_BYTES = SAMPLES * SAMPLE_BYTES;

/** Bits a byte below which Huffman's code shortens data; of random bytes, a sample this long has about 7.95. */
const RANDOM_BITS = 7.85;
/** Places of a sample at which four bytes of it come again. Of random bytes there are none. */
const REPEATED_PLACES = SAMPLED_BYTES / 64;

const sample = new Uint8Array(SAMPLED_BYTES);
const view = new DataView(sample.buffer);
const counts = new Uint32Array(256);
/** The last place of four bytes, by their hash. */
const places = new Uint16Array(4096);

/**
 * Whether a block of data is likely to shrink. Data that was compressed or encrypted before takes zlib longer than other, and
 * comes out longer. Neither allocates nor compresses: it is asked of every block of a disk.
 */
export function isWorthwhile(block: Uint8Array): boolean {
  if (block.byteLength < SAMPLED_BYTES) return true;
  const step = Math.floor(block.byteLength / SAMPLES);
  for (let index = 0; index < SAMPLES; index += 1)
    sample.set(block.subarray(index * step, index * step + SAMPLE_BYTES), index * SAMPLE_BYTES);
  return bitsOfByte() < RANDOM_BITS || repeats();
}

/** Entropy of the sample, of its bytes one by one. */
function bitsOfByte(): number {
  counts.fill(0);
  for (const byte of sample) counts[byte] = (counts[byte] ?? 0) + 1;
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= count * Math.log2(count / SAMPLED_BYTES);
  return bits / SAMPLED_BYTES;
}

/** Whether there is something in the sample that zlib finds again. */
function repeats(): boolean {
  places.fill(0);
  let found = 0;
  for (let at = 0; at <= SAMPLED_BYTES - 4; at += 1) {
    const four = view.getUint32(at, true);
    const hash = Math.imul(four, 0x9e3779b1) >>> 20;
    const before = places[hash] ?? 0;
    if (before < at && view.getUint32(before, true) === four) found += 1;
    if (found > REPEATED_PLACES) return true;
    places[hash] = at;
  }
  return false;
}
