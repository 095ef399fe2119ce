import type { Call } from '@sendense/core';
import { openBtrfs } from './btrfs/open-btrfs.ts';
import { hasSuperblockCopy } from './btrfs/superblock.ts';
import { type ByteSource, type NamedSource, readBytes } from './bytes/byte-source.ts';
import { hasBackupRegion } from './exfat/boot-region.ts';
import { openExfat } from './exfat/open-exfat.ts';
import { openExt } from './ext/open-ext.ts';
import { openFat } from './fat/fat-reader.ts';
import type { FileSystemReader } from './file-system-reader.ts';
import { openIso } from './iso/open-iso.ts';
import { hasBootCopy } from './ntfs/boot-sector.ts';
import { openNtfs } from './ntfs/open-ntfs.ts';
import { openXfs } from './xfs/open-xfs.ts';

/** A kind of file system that was recognised by its first bytes. */
export type ProbedFileSystem = {
  /** `ext`, `xfs`, `btrfs`, `ntfs`, `fat`, `exfat`, `iso9660`, `udf`, `high-sierra`, `squashfs`, `erofs`, `swap`, `luks`, `bitlocker`. */
  readonly kind: string;
  /** It begins with a boot sector that looks like a master boot record. */
  readonly bootSector: boolean;
  /** How it is read in this process, together with others of the `volumes` of its point; `undefined`: it is known by name only. */
  readonly open:
    | ((source: ByteSource, call?: Call, volumes?: readonly NamedSource[]) => Promise<FileSystemReader>)
    | undefined;
};

type Magic = Omit<ProbedFileSystem, 'open'> & {
  readonly offset: number;
  readonly bytes: string;
  readonly open?: ProbedFileSystem['open'];
};

/** Where each kind has its mark (Latin-1), as its specification or its documentation says. */
const MAGICS: readonly Magic[] = [
  { kind: 'ntfs', bootSector: true, offset: 3, bytes: 'NTFS    ', open: openNtfs },
  { kind: 'bitlocker', bootSector: true, offset: 3, bytes: '-FVE-FS-' },
  { kind: 'exfat', bootSector: true, offset: 3, bytes: 'EXFAT   ', open: openExfat },
  { kind: 'fat', bootSector: true, offset: 82, bytes: 'FAT32   ', open: openFat },
  { kind: 'fat', bootSector: true, offset: 54, bytes: 'FAT16   ', open: openFat },
  { kind: 'fat', bootSector: true, offset: 54, bytes: 'FAT12   ', open: openFat },
  { kind: 'luks', bootSector: false, offset: 0, bytes: 'LUKS\xba\xbe' },
  { kind: 'xfs', bootSector: false, offset: 0, bytes: 'XFSB', open: openXfs },
  { kind: 'squashfs', bootSector: false, offset: 0, bytes: 'hsqs' },
  { kind: 'erofs', bootSector: false, offset: 1024, bytes: '\xe2\xe1\xf5\xe0' },
  { kind: 'ext', bootSector: false, offset: 1024 + 56, bytes: '\x53\xef', open: openExt },
  { kind: 'swap', bootSector: false, offset: 4096 - 10, bytes: 'SWAPSPACE2' },
  { kind: 'iso9660', bootSector: false, offset: 32_769, bytes: 'CD001', open: openIso },
  { kind: 'udf', bootSector: false, offset: 32_769, bytes: 'BEA01' },
  { kind: 'high-sierra', bootSector: false, offset: 32_777, bytes: 'CDROM' },
  { kind: 'btrfs', bootSector: false, offset: 65_536 + 64, bytes: '_BHRfS_M', open: openBtrfs },
];

/** Every mark lies in so many first bytes. */
export const HEAD_BYTES = 68 * 1024;

/** What kind of file system `source` holds; `undefined` for none that is known. */
export async function probeFileSystem(
  source: ByteSource,
  call?: Call,
): Promise<ProbedFileSystem | undefined> {
  const head = await readBytes(source, 0, Math.min(source.sizeBytes, HEAD_BYTES), call);
  const text = Buffer.from(head).toString('latin1');
  const found = MAGICS.find(({ offset, bytes }) => text.startsWith(bytes, offset));
  if (found !== undefined) return { kind: found.kind, bootSector: found.bootSector, open: found.open };
  if (await hasBootCopy(source, call)) return { kind: 'ntfs', bootSector: false, open: openNtfs };
  if (await hasSuperblockCopy(source, call)) return { kind: 'btrfs', bootSector: false, open: openBtrfs };
  return (await hasBackupRegion(source, call))
    ? { kind: 'exfat', bootSector: false, open: openExfat }
    : undefined;
}
