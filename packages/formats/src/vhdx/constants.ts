/** Source: Microsoft, [MS-VHDX] "Virtual Hard Disk v2 (VHDX) File Format". All numbers in a file are little-endian. */

export const KIB = 1024;
export const MIB = 1024 * KIB;

export const FILE_SIGNATURE = 'vhdxfile';
export const HEADER_SIGNATURE = 'head';
export const REGION_SIGNATURE = 'regi';
export const METADATA_SIGNATURE = 'metadata';

/** The two headers and the two region tables, which are copies of each other. */
export const HEADER_OFFSETS = [64 * KIB, 128 * KIB] as const;
export const HEADER_BYTES = 4 * KIB;
export const REGION_OFFSETS = [192 * KIB, 256 * KIB] as const;
export const REGION_TABLE_BYTES = 64 * KIB;
/** The part of a file in which all this lies; nothing else may. */
export const HEADER_SECTION_BYTES = 1024 * KIB;

export const METADATA_TABLE_BYTES = 64 * KIB;
/** Entries of a region table or metadata table. */
export const MAX_ENTRIES = 2047;
export const MAX_METADATA_ITEM_BYTES = 1024 * KIB;

export const MAX_DISK_BYTES = 64 * 1024 ** 4;
export const MIN_BLOCK_BYTES = 1024 * KIB;
export const MAX_BLOCK_BYTES = 256 * MIB;
/** Sectors that one block of sector bitmap (1 MiB) describes. */
export const SECTORS_OF_A_CHUNK = 2 ** 23;

/** Known regions. */
export const REGION = {
  bat: '2dc27766-f623-4200-9d64-115e9bfd4a08',
  metadata: '8b7ca206-4790-4b9a-b8fe-575f050f886e',
} as const;

/** Known items of metadata. */
export const ITEM = {
  fileParameters: 'caa16737-fa36-4d43-b3b6-33f0aa44e76b',
  diskSize: '2fa54224-cd1b-4876-b211-5dbed83bf4b8',
  diskId: 'beca12ab-b2e6-4523-93ef-c309e000c746',
  logicalSector: '8141bf1d-a96f-4709-ba47-f233a8faab5f',
  physicalSector: 'cda348c7-445d-4471-9cc9-e9885251c556',
  parentLocator: 'a8d35f2d-b30b-454d-abf7-d3d84834ab0c',
} as const;

/** The only type of parent locator that is defined: the parent is a VHDX. */
export const VHDX_LOCATOR = 'b04aefb7-d19e-4a81-b789-25b8e9445913';

/** States of a block in the table, in the low three bits of its entry. */
export const BLOCK_STATE = {
  notPresent: 0,
  undefined: 1,
  zero: 2,
  unmapped: 3,
  full: 6,
  partial: 7,
} as const;
