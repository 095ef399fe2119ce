/** Sources: Microsoft, "Virtual Hard Disk Image Format Specification" 1.0 (2006). All numbers in a file are big-endian. */

export const SECTOR_BYTES = 512;
export const FOOTER_BYTES = 512;
export const HEADER_BYTES = 1024;
export const FOOTER_COOKIE = 'conectix';
export const HEADER_COOKIE = 'cxsparse';
/** Version 1.0 of the footer, and of the header of a dynamic disk. */
export const FORMAT_VERSION = 0x0001_0000;
/** A data offset of a fixed disk, and of the next structure after the header: none. */
export const NO_OFFSET = 0xffff_ffff_ffff_ffffn;
/** A block that has no place in the file. */
export const UNUSED_BLOCK = 0xffff_ffff;
/** Seconds from 1970 to 2000-01-01T00:00:00Z, from when a VHD counts. */
export const EPOCH_SECONDS = 946_684_800;

/** Sizes of blocks that are read. Every known program writes 2 MiB, some 512 KiB. */
export const MAX_BLOCK_BYTES = 256 * 1024 * 1024;
export const DEFAULT_BLOCK_BYTES = 2 * 1024 * 1024;
