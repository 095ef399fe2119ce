// Numbers of the VMDK formats (VMware, "Virtual Disk Format 5.0"). All fields are little-endian, all units sectors.

export const SECTOR_BYTES = 512;
/** A sector number above this times 512 is no safe integer. */
export const MAX_SECTORS = 2 ** 44;

/** `KDMV`, `COWD` and the constant header of SESparse, as they are read. */
export const HOSTED_MAGIC = 0x564d444b;
export const COWD_MAGIC = 0x44574f43;
export const SESPARSE_MAGIC = 0xcafebabe;
export const SESPARSE_VOLATILE_MAGIC = 0xcafecafe;

/** Flags of a hosted sparse extent, by bit. */
export const HOSTED_FLAG = {
  newlines: 0x1,
  redundant: 0x2,
  zeroedGrains: 0x4,
  compressed: 0x10000,
  markers: 0x20000,
} as const;
/** The newest version of the header that is understood: 2 added zeroed grains, 3 change tracking beside the disk. */
export const MAX_HOSTED_VERSION = 3;
/** Instead of the sector of the grain directory: it is told by the footer. */
export const DIRECTORY_AT_END = 0xffff_ffff_ffff_ffffn;
export const COMPRESSION_DEFLATE = 1;
/** What follows the byte for an unclean shutdown: a transfer as text changes at least one of these. */
export const NEWLINES = [0x0a, 0x20, 0x0d, 0x0a] as const;

/** Entries of a grain table: fixed by the specification, and the most that QEMU takes. */
export const ENTRIES_PER_TABLE = 512;
/** Entry of a grain table that reads as zeros, where the flag says so. */
export const ZEROED_GRAIN = 1;
/** The largest grain directory that is opened, in bytes: 64 TiB of grains of 64 KiB take an eighth. */
export const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;
/** The largest grain: QEMU's limit. */
export const MAX_GRAIN_SECTORS = 0x20_0000;
/** The largest compressed grain: it is held in memory. */
export const MAX_COMPRESSED_GRAIN_SECTORS = 4096;
/** Grains that are written: 64 KiB, what VMware expects. */
export const GRAIN_SECTORS = 128;
export const GRAIN_BYTES = GRAIN_SECTORS * SECTOR_BYTES;

/** Types of the markers of a stream. */
export const MARKER = { endOfStream: 0, table: 1, directory: 2, footer: 3 } as const;
/** Bytes before the data of a compressed grain: its sector on the disk and its length. */
export const MARKER_BYTES = 12;

/** The longest descriptor that is read: QEMU's limit. */
export const MAX_DESCRIPTOR_BYTES = 1024 * 1024;
/** The most extents of a disk: 8 TiB in files of 2 GiB. */
export const MAX_EXTENTS = 4096;
/** Content id of a disk that is nobody's child. */
export const NO_PARENT = 'ffffffff';
