import type { FileStat, FileType, NodeId } from '@sendense/file-restore';
import type { FolderStatus } from './folder-protocol.ts';

/** What stat(2) counts space in. */
const SPACE_BYTES = 512n;
/** Bits of a mode that tell the type (inode(7)). */
const TYPE_BITS = 0o170000n;
const TYPES: ReadonlyMap<bigint, FileType> = new Map([
  [0o140000n, 'socket'],
  [0o120000n, 'symlink'],
  [0o100000n, 'file'],
  [0o060000n, 'block-device'],
  [0o040000n, 'directory'],
  [0o020000n, 'char-device'],
  [0o010000n, 'fifo'],
]);

/** What the system says of a file, as browsing tells it. */
export function nodeStat(node: NodeId, status: FolderStatus): FileStat {
  const type = TYPES.get(status.mode & TYPE_BITS) ?? 'file';
  return {
    node,
    type,
    sizeBytes: Number(status.size),
    allocatedBytes: Number(status.blocks * SPACE_BYTES),
    mode: Number(status.mode & 0o7777n),
    uid: Number(status.uid),
    gid: Number(status.gid),
    links: Number(status.nlink),
    mtimeNs: status.mtimeNs,
    atimeNs: status.atimeNs,
    ctimeNs: status.ctimeNs,
    ...(type.endsWith('device') && { device: deviceOf(status.rdev) }),
  };
}

/** As makedev(3) of glibc puts both into a number. */
function deviceOf(rdev: bigint): { readonly major: number; readonly minor: number } {
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xffff_f000n)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffff_ff00n)),
  };
}
