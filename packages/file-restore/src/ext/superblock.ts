import type { Call } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged, notSupported } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { uuidText } from '../bytes/uuid-text.ts';
import { type MetadataChecksums, readMetadataChecksums } from './metadata-checksums.ts';

// Layout: "ext4 Data Structures and Algorithms" of the Linux kernel documentation, Super Block.
const SUPERBLOCK_AT = 1024;
const COMPAT = { journal: 0x4, sparseSuper2: 0x200 };
const INCOMPAT = {
  compression: 0x1,
  fileType: 0x2,
  recover: 0x4,
  journalDevice: 0x8,
  metaGroups: 0x10,
  extents: 0x40,
  bits64: 0x80,
  dirData: 0x1000,
};
/** All incompatible features with which this reader finds its way; it need not know more of some (MMP, casefold). */
const KNOWN_INCOMPAT =
  0x2 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000;
const SPARSE_SUPER = 0x1;
const METADATA_CHECKSUMS = 0x400;
/** Images of Android: equal blocks are kept once. */
const SHARED_BLOCKS = 0x4000;
const STATE = { unmounted: 1, errors: 2 };

/** The superblock of an ext2, ext3 or ext4 file system: what reading needs of it. */
export type Superblock = {
  readonly kind: 'ext2' | 'ext3' | 'ext4';
  readonly label: string;
  readonly uuid: string;
  readonly blockBytes: number;
  readonly blocks: number;
  readonly inodes: number;
  readonly firstDataBlock: number;
  readonly blocksPerGroup: number;
  readonly inodesPerGroup: number;
  readonly groups: number;
  readonly inodeBytes: number;
  readonly descriptorBytes: number;
  /** Groups from this meta group on keep their descriptors themselves; `undefined` without meta groups. */
  readonly firstMetaGroup: number | undefined;
  /** Which groups have copies of the superblock: all, powers of 3, 5 and 7, or the two named. */
  readonly copies: 'all' | 'sparse' | readonly [number, number];
  readonly hasFileTypes: boolean;
  /** `undefined`: its structures have no checksums. */
  readonly checksums: MetadataChecksums | undefined;
  /** Files share blocks, and none is written. */
  readonly hasSharedBlocks: boolean;
  /** It was unmounted; with a journal, that one tells more. */
  readonly isUnmounted: boolean;
  /** The kernel met contradictions in it. */
  readonly hasErrors: boolean;
  readonly journal: { readonly inode: number; readonly needsRecovery: boolean } | undefined;
};

/** Reads and checks a superblock. Rejects with `CORRUPT` or `FORMAT_UNSUPPORTED`. */
export async function readSuperblock(source: ByteSource, call?: Call): Promise<Superblock> {
  const fields = new Fields(await readBytes(source, SUPERBLOCK_AT, 1024, call));
  const incompat = fields.u32(0x60);
  refuseUnknown(incompat);
  const geometry = readGeometry(fields, incompat, source.sizeBytes);
  const compat = fields.u32(0x5c);
  const hasJournal = (compat & COMPAT.journal) !== 0;
  const isExt4 = (incompat & ~(INCOMPAT.fileType | INCOMPAT.recover | INCOMPAT.metaGroups)) !== 0;
  const isSparse = (fields.u32(0x64) & SPARSE_SUPER) !== 0;
  const hasChecksums = (fields.u32(0x64) & METADATA_CHECKSUMS) !== 0;
  return {
    ...geometry,
    kind: isExt4 ? 'ext4' : hasJournal ? 'ext3' : 'ext2',
    label: Buffer.from(fields.text(0x78, 16), 'latin1').toString('utf8'),
    uuid: uuidText(fields.slice(0x68, 16)),
    firstMetaGroup: (incompat & INCOMPAT.metaGroups) === 0 ? undefined : fields.u32(0x104),
    copies:
      (compat & COMPAT.sparseSuper2) !== 0
        ? [fields.u32(0x24c), fields.u32(0x250)]
        : isSparse
          ? 'sparse'
          : 'all',
    hasSharedBlocks: (fields.u32(0x64) & SHARED_BLOCKS) !== 0,
    isUnmounted: (fields.u16(0x3a) & STATE.unmounted) !== 0,
    hasErrors: (fields.u16(0x3a) & STATE.errors) !== 0,
    checksums: hasChecksums ? readMetadataChecksums(fields, incompat) : undefined,
    hasFileTypes: (incompat & INCOMPAT.fileType) !== 0,
    journal: hasJournal
      ? { inode: fields.u32(0xe0), needsRecovery: (incompat & INCOMPAT.recover) !== 0 }
      : undefined,
  };
}

function refuseUnknown(incompat: number): void {
  if ((incompat & INCOMPAT.journalDevice) !== 0)
    throw notSupported('this is the journal of another file system');
  if ((incompat & (INCOMPAT.compression | INCOMPAT.dirData)) !== 0 || (incompat & ~KNOWN_INCOMPAT) !== 0)
    throw notSupported(
      `the ext file system has features that are not known (0x${(incompat >>> 0).toString(16)})`,
    );
}

type Geometry = Pick<
  Superblock,
  | 'blockBytes'
  | 'blocks'
  | 'inodes'
  | 'firstDataBlock'
  | 'blocksPerGroup'
  | 'inodesPerGroup'
  | 'groups'
  | 'inodeBytes'
  | 'descriptorBytes'
>;

function readGeometry(fields: Fields, incompat: number, sizeBytes: number): Geometry {
  const is64 = (incompat & INCOMPAT.bits64) !== 0;
  const blockBytes = 1024 * 2 ** fields.u32(0x18);
  const blocks = fields.u32(4) + (is64 ? fields.u32(0x150) * 2 ** 32 : 0);
  const [inodes, firstDataBlock] = [fields.u32(0), fields.u32(0x14)];
  const [blocksPerGroup, inodesPerGroup] = [fields.u32(0x20), fields.u32(0x28)];
  const inodeBytes = fields.u32(0x4c) === 0 ? 128 : fields.u16(0x58);
  const descriptorBytes = is64 ? fields.u16(0xfe) : 32;
  const groups = Math.ceil((blocks - firstDataBlock) / blocksPerGroup);
  const isSound =
    blockBytes <= 65_536 &&
    blocks > firstDataBlock &&
    firstDataBlock <= 1 &&
    blocks * blockBytes <= sizeBytes &&
    blocksPerGroup >= 8 &&
    blocksPerGroup <= blockBytes * 8 * 65_536 &&
    inodesPerGroup > 0 &&
    inodesPerGroup <= blockBytes * 8 &&
    inodes <= groups * inodesPerGroup &&
    inodeBytes >= 128 &&
    inodeBytes <= blockBytes &&
    Number.isInteger(Math.log2(inodeBytes)) &&
    descriptorBytes >= (is64 ? 64 : 32) &&
    descriptorBytes <= 1024 &&
    Number.isInteger(Math.log2(descriptorBytes));
  if (!isSound)
    throw damaged('the superblock of an ext file system contradicts itself, or its volume is too small');
  return {
    blockBytes,
    blocks,
    inodes,
    firstDataBlock,
    blocksPerGroup,
    inodesPerGroup,
    groups,
    inodeBytes,
    descriptorBytes,
  };
}
