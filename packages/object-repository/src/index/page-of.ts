/** The page of `pages` where an id belongs: its first 32 bits as a fraction of all. */
export function pageOf(id: Uint8Array, pages: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = id;
  return Math.floor(((a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) / 2 ** 32) * pages);
}

/** As {@link pageOf}, of the id that begins at `offset`. */
export function pageAtOffset(bytes: Buffer, offset: number, pages: number): number {
  return Math.floor((bytes.readUInt32BE(offset) / 2 ** 32) * pages);
}
