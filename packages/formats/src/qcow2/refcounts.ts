/** Reads refcount `index` of a block with refcounts of `bits` bits; values beyond 65535 are read as 65535. */
export function readRefcount(block: DataView, index: number, bits: number): number {
  if (bits < 8)
    return (block.getUint8(Math.floor((index * bits) / 8)) >>> ((index * bits) % 8)) & (2 ** bits - 1);
  if (bits === 8) return block.getUint8(index);
  if (bits === 16) return block.getUint16(index * 2);
  if (bits === 32) return Math.min(block.getUint32(index * 4), 0xffff);
  return block.getUint32(index * 8) > 0 ? 0xffff : Math.min(block.getUint32(index * 8 + 4), 0xffff);
}

/** Writes refcount `index` of a block; the inverse of {@link readRefcount}. */
export function writeRefcount(block: DataView, index: number, bits: number, value: number): void {
  if (bits < 8) {
    const at = Math.floor((index * bits) / 8);
    const shift = (index * bits) % 8;
    const mask = (2 ** bits - 1) << shift;
    block.setUint8(at, (block.getUint8(at) & ~mask) | ((value << shift) & mask));
  } else if (bits === 8) block.setUint8(index, value);
  else if (bits === 16) block.setUint16(index * 2, value);
  else if (bits === 32) block.setUint32(index * 4, value);
  else block.setBigUint64(index * 8, BigInt(value));
}
