/** A stretch of bits that are all set, or all not. */
export type BitRun = { readonly set: boolean; readonly end: number };

/** Which bit of a byte is the first one: VHD has the highest, VHDX the lowest. */
export type BitOrder = 'high-first' | 'low-first';

/** The run of equal bits from bit `start` on, up to bit `end` at most, which lies in `bits`. */
export function bitRun(bits: DataView, start: number, end: number, order: BitOrder): BitRun {
  const set = isSet(bits, start, order);
  const whole = set ? 0xff : 0;
  let at = start + 1;
  while (at < end) {
    if (at % 8 === 0 && at + 8 <= end && bits.getUint8(at / 8) === whole) at += 8;
    else if (isSet(bits, at, order) === set) at += 1;
    else break;
  }
  return { set, end: at };
}

function isSet(bits: DataView, bit: number, order: BitOrder): boolean {
  const mask = order === 'low-first' ? 1 << (bit & 7) : 0x80 >>> (bit & 7);
  return (bits.getUint8(bit >>> 3) & mask) !== 0;
}
