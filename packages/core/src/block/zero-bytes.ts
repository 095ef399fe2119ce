let zeros = Buffer.alloc(0);

/** Whether bytes `[start, end)` of `data` are all zero. Compares in native code and allocates nothing. */
export function isZeroBytes(data: Uint8Array, start = 0, end = data.byteLength): boolean {
  if (start >= end) return true;
  // Nearly all data differs in its first byte; the call into native code is worth avoiding for it.
  if (data[start] !== 0) return false;
  const length = end - start;
  if (zeros.byteLength < length) zeros = Buffer.alloc(length);
  return zeros.compare(data, start, end, 0, length) === 0;
}
