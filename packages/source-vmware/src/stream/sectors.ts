/** Places and sizes of VMDKs are told in sectors. */
export const SECTOR_BYTES = 512;
