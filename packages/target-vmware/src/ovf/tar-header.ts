/** Archives are made of blocks of this size (POSIX.1-2008, pax, "ustar Interchange Format"). */
export const TAR_BLOCK_BYTES = 512;

/** Archives are read and written in records of 20 blocks. */
const RECORD_BYTES = 20 * TAR_BLOCK_BYTES;

/** What eleven octal digits hold: 8 GiB less a byte. */
export const MAX_USTAR_BYTES = 0o77777777777;

const ascii = new TextEncoder();

function octal(value: number, digits: number): Uint8Array {
  return ascii.encode(value.toString(8).padStart(digits, '0'));
}

/**
 * The size in its 12 bytes. From 8 GiB on it is a big-endian number behind a set bit, as GNU tar, bsdtar, Go and Python have it:
 * USTAR has no way to tell it.
 */
function sizeField(sizeBytes: number): Uint8Array {
  if (sizeBytes <= MAX_USTAR_BYTES) return octal(sizeBytes, 11);
  const field = new Uint8Array(12);
  new DataView(field.buffer).setBigUint64(4, BigInt(sizeBytes));
  field[0] = 0x80;
  return field;
}

/** The header of a file in a USTAR archive. `name` is ASCII, 100 bytes at most. */
export function tarHeader(name: string, sizeBytes: number, modifiedMs: number): Uint8Array {
  const header = new Uint8Array(TAR_BLOCK_BYTES);
  header.set(ascii.encode(name), 0);
  header.set(octal(0o644, 7), 100);
  header.set(octal(0, 7), 108);
  header.set(octal(0, 7), 116);
  header.set(sizeField(sizeBytes), 124);
  header.set(octal(Math.floor(modifiedMs / 1000), 11), 136);
  header.fill(0x20, 148, 156); // the sum counts its own field as spaces
  header.set(ascii.encode('0'), 156);
  header.set(ascii.encode('ustar\u000000'), 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(octal(sum, 6), 148);
  header[154] = 0;
  return header;
}

/** Bytes that content of `sizeBytes` takes: whole blocks. */
export function tarBlocks(sizeBytes: number): number {
  return Math.ceil(sizeBytes / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
}

/** Size of an archive whose last file ends at `endBytes`: two blocks of zeros, filled up to a record. */
export function tarSize(endBytes: number): number {
  return Math.ceil((endBytes + 2 * TAR_BLOCK_BYTES) / RECORD_BYTES) * RECORD_BYTES;
}
