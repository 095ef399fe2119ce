import type { Call } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged, notSupported } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { uuidText } from '../bytes/uuid-text.ts';
import { hasXfsChecksum } from './checksums.ts';

// Layout: "XFS Algorithms & Data Structures" (xfs_filesystem_structure of the Linux kernel documentation), Superblocks. Big-endian.
const VERSION = { number: 0xf, directories2: 0x2000, moreBits: 0x8000 };
const FEATURES2_FILE_TYPES = 0x200;
const INCOMPAT = { fileTypes: 1, structureUuid: 4, needsRepair: 0x10 };
/** File types, sparse inodes, metadata UUID, large times, repair, large counts, exchanged ranges, parents, metadata folders. */
const KNOWN_INCOMPAT = 0x1ff;
const SUM_AT = 0xe0;
const SECTOR = { least: 512, most: 32_768 };

/** The superblock of an XFS file system: what reading needs of it. */
export type XfsSuperblock = {
  readonly version: 4 | 5;
  readonly label: string;
  readonly uuid: string;
  /** What its structures say they belong to, 16 bytes; `undefined` where the superblock is not to be trusted with it. */
  readonly structureUuid: Uint8Array | undefined;
  /** It has its checksum, or is of version 4, which has none. */
  readonly isSound: boolean;
  readonly blockBytes: number;
  readonly blocks: number;
  /** Blocks of an allocation group; the last one may have less. */
  readonly groupBlocks: number;
  readonly groups: number;
  /** Bits of a block number, and of an inode number, that count within an allocation group. */
  readonly groupBlockBits: number;
  readonly groupInodeBits: number;
  readonly inodeBytes: number;
  readonly inodesPerBlock: number;
  readonly root: number;
  /** Folders are made of blocks of their own size. */
  readonly directoryBlockBytes: number;
  readonly hasFileTypes: boolean;
  /** `xfs_repair` was begun and did not end, or the kernel asks for it. */
  readonly needsRepair: boolean;
  /** Where the log lies; `undefined`: on another disk. */
  readonly log: { readonly firstBlock: number; readonly blocks: number } | undefined;
};

/** Reads and checks a superblock. Rejects with `CORRUPT` or `FORMAT_UNSUPPORTED`. */
export async function readXfsSuperblock(source: ByteSource, call?: Call): Promise<XfsSuperblock> {
  const fields = new Fields(await readBytes(source, 0, 512, call));
  const versionBits = fields.u16be(0x64);
  const version = versionBits & VERSION.number;
  if (version !== 4 && version !== 5) throw notSupported(`version ${version} of XFS is not known`);
  if (version === 4 && (versionBits & VERSION.directories2) === 0)
    throw notSupported('the folders of this XFS file system are of the first version');
  const incompat = version === 5 ? fields.u32be(0xd8) : 0;
  if ((incompat & ~KNOWN_INCOMPAT) !== 0)
    throw notSupported(
      `the XFS file system has features that are not known (0x${(incompat >>> 0).toString(16)})`,
    );
  const features2 = (versionBits & VERSION.moreBits) === 0 ? 0 : fields.u32be(0xc8);
  const logStart = fields.u64be(0x30);
  const isSound = version === 4 || (await hasChecksum(source, fields.u16be(0x66), call));
  return {
    ...readGeometry(fields, source.sizeBytes),
    version,
    label: Buffer.from(fields.text(0x6c, 12), 'latin1').toString('utf8'),
    uuid: uuidText(fields.slice(0x20, 16)),
    structureUuid: isSound
      ? fields.slice((incompat & INCOMPAT.structureUuid) === 0 ? 0x20 : 0xf8, 16)
      : undefined,
    isSound,
    root: fields.u64be(0x38),
    hasFileTypes:
      version === 5 ? (incompat & INCOMPAT.fileTypes) !== 0 : (features2 & FEATURES2_FILE_TYPES) !== 0,
    needsRepair: (incompat & INCOMPAT.needsRepair) !== 0,
    log: logStart === 0 ? undefined : { firstBlock: logStart, blocks: fields.u32be(0x60) },
  };
}

/** The checksum is that of the first sector. */
async function hasChecksum(
  source: ByteSource,
  sectorBytes: number,
  call: Call | undefined,
): Promise<boolean> {
  if (sectorBytes < SECTOR.least || sectorBytes > Math.min(SECTOR.most, source.sizeBytes)) return false;
  return hasXfsChecksum(new Fields(await readBytes(source, 0, sectorBytes, call)), SUM_AT);
}

type Geometry = Pick<
  XfsSuperblock,
  | 'blockBytes'
  | 'blocks'
  | 'groupBlocks'
  | 'groups'
  | 'groupBlockBits'
  | 'groupInodeBits'
  | 'inodeBytes'
  | 'inodesPerBlock'
  | 'directoryBlockBytes'
>;

function readGeometry(fields: Fields, sizeBytes: number): Geometry {
  const [blockBytes, blocks] = [fields.u32be(4), fields.u64be(8)];
  const [groupBlocks, groups] = [fields.u32be(0x54), fields.u32be(0x58)];
  const [inodeBytes, inodesPerBlock] = [fields.u16be(0x68), fields.u16be(0x6a)];
  const [blockBits, inodesBits, groupBlockBits] = [fields.u8(0x78), fields.u8(0x7b), fields.u8(0x7c)];
  const directoryBlockBytes = blockBytes * 2 ** fields.u8(0xc0);
  const isSound =
    blockBytes === 2 ** blockBits &&
    blockBytes >= 512 &&
    blockBytes <= 65_536 &&
    inodeBytes >= 256 &&
    inodeBytes <= Math.min(2048, blockBytes) &&
    inodesPerBlock === 2 ** inodesBits &&
    inodesPerBlock * inodeBytes === blockBytes &&
    groupBlocks > 0 &&
    groupBlocks <= 2 ** groupBlockBits &&
    groupBlockBits <= 31 &&
    groups > 0 &&
    blocks > (groups - 1) * groupBlocks &&
    blocks <= groups * groupBlocks &&
    blocks * blockBytes <= sizeBytes &&
    directoryBlockBytes <= 65_536;
  if (!isSound)
    throw damaged('the superblock of an XFS file system contradicts itself, or its volume is too small');
  const groupInodeBits = groupBlockBits + inodesBits;
  return {
    blockBytes,
    blocks,
    groupBlocks,
    groups,
    groupBlockBits,
    groupInodeBits,
    inodeBytes,
    inodesPerBlock,
    directoryBlockBytes,
  };
}

/** The block, counted from the begin of the volume, for a number as XFS writes it: group and block in the group. */
export function volumeBlock(superblock: XfsSuperblock, block: number, count: number): number {
  const { groupBlockBits, groupBlocks, blocks } = superblock;
  const within = block % 2 ** groupBlockBits;
  const first = Math.floor(block / 2 ** groupBlockBits) * groupBlocks + within;
  if (count < 1 || within + count > groupBlocks || first + count > blocks)
    throw damaged('a structure of XFS points outside of its file system', { block, count });
  return first;
}
