// Numbers of the QCOW2 format (QEMU, docs/interop/qcow2.txt). All fields are big-endian.

/** `QFI\xfb`. */
export const MAGIC = 0x514649fb;
/** Length of a version 2 header and of the shortest version 3 header. */
export const HEADER_BYTES_V2 = 72;
export const HEADER_BYTES_V3 = 104;
/** Length of the header we write: version 3 with the compression type. */
export const HEADER_BYTES_WRITTEN = 112;

/** Bits of the incompatible features: a reader refuses those it does not know. */
export const INCOMPATIBLE = {
  dirty: 0x01,
  corrupt: 0x02,
  dataFile: 0x04,
  compression: 0x08,
  extendedL2: 0x10,
} as const;
/** Names of the incompatible features by bit, for messages. */
export const INCOMPATIBLE_NAMES = [
  'dirty bit',
  'corrupt bit',
  'external data file',
  'compression type',
  'extended L2 entries',
];
/** Bits of the autoclear features: a writer that does not know one clears it. */
export const AUTOCLEAR = { bitmaps: 0x01, rawDataFile: 0x02 } as const;

/** Types of header extensions. */
export const EXTENSION = {
  end: 0,
  backingFormat: 0xe2792aca,
  featureNames: 0x6803f857,
  bitmaps: 0x23852875,
  encryption: 0x0537be77,
  dataFile: 0x44415441,
} as const;

/** Cluster sizes that QEMU opens: 512 bytes to 2 MiB. */
export const MIN_CLUSTER_BITS = 9;
export const MAX_CLUSTER_BITS = 21;
/** Extended L2 entries need clusters of 16 KiB: 32 subclusters of a sector. */
export const MIN_CLUSTER_BITS_EXTENDED = 14;
/** The largest L1 and refcount tables that QEMU opens, in bytes. */
export const MAX_L1_BYTES = 32 * 1024 * 1024;
export const MAX_REFCOUNT_TABLE_BYTES = 8 * 1024 * 1024;
/** The longest backing file name, in bytes. */
export const MAX_BACKING_NAME_BYTES = 1023;
/** The most internal snapshots that QEMU opens. */
export const MAX_SNAPSHOTS = 65_536;

/** Upper half of L1 and L2 entries: bit 63 and bit 62. */
export const COPIED_HIGH = 0x8000_0000;
export const COMPRESSED_HIGH = 0x4000_0000;
/** Upper half: bits 32–55 of an offset. */
export const OFFSET_HIGH = 0x00ff_ffff;
/** Lower half: bits 9–31 of an offset. */
export const OFFSET_LOW = 0xffff_fe00;
/** Lower half of an L2 entry: the cluster reads as zeros (version 3). */
export const ZERO_LOW = 1;
/** Parts of a cluster with its own allocation bit, with extended L2 entries. */
export const SUBCLUSTERS = 32;
/** Compressed data is counted in sectors. */
export const SECTOR_BYTES = 512;
