/** A field of 64 bits; beyond 2^53 it is not exact, and larger than any file. */
export function readUint64(view: DataView, at: number, littleEndian = false): number {
  return Number(view.getBigUint64(at, littleEndian));
}

/** `length` characters of one byte each. */
export function asciiAt(view: DataView, at: number, length: number): string {
  return Buffer.from(view.buffer, view.byteOffset + at, length).toString('latin1');
}

/** Puts characters of one byte each into `bytes` from `at` on. */
export function writeAscii(bytes: Uint8Array, at: number, text: string): void {
  bytes.set(Buffer.from(text, 'latin1'), at);
}
