import type { Call } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import type { FileStat, FileType, NodeId } from '../file-system-reader.ts';
import { encodeName } from '../paths/entry-name.ts';
import { type DirectoryRecord, readRecord } from './directory-record.ts';
import { fileParts, sizeOf } from './file-parts.ts';
import { readOwnRecord } from './folder-records.ts';
import { isSelfOrParent } from './iso-name.ts';
import type { IsoVolume } from './iso-volume.ts';
import { type RockRidge, readRockRidge } from './rock-ridge.ts';

const TYPE_MASK = 0o170000;
const TYPES: ReadonlyMap<number, FileType> = new Map([
  [0o010000, 'fifo'],
  [0o020000, 'char-device'],
  [0o040000, 'directory'],
  [0o060000, 'block-device'],
  [0o100000, 'file'],
  [0o120000, 'symlink'],
  [0o140000, 'socket'],
]);
/** Of discs that keep none: who could write to them? */
const MODE = { folder: 0o555, file: 0o444 };

/** A file or folder: all its records, and what Rock Ridge tells in the first. */
export type IsoNode = {
  /** Of a folder, the record that it has of itself. */
  readonly parts: readonly DirectoryRecord[];
  readonly rockRidge: RockRidge;
  readonly type: FileType;
};

/**
 * Reads what is known by the byte where a record lies: a folder is known by the one that it has of itself, so that all that name it,
 * and records that stand for folders elsewhere, give the same. Rejects with `CORRUPT`.
 */
export async function readNode(volume: IsoVolume, node: NodeId, call?: Call): Promise<IsoNode> {
  const record = await readRecord(volume.source, node, volume.blockBytes, call);
  if (record === undefined) throw damaged(`no directory record lies at byte ${node}`, { recordAt: node });
  const isFolder = isSelfOrParent(record.identifier);
  const parts = isFolder ? [await readOwnRecord(volume, node, call)] : await fileParts(volume, record, call);
  const rockRidge = await readRockRidge(volume, record, call);
  return { parts, rockRidge, type: typeOf(record, rockRidge) };
}

/** What a record stands for. Throws `CORRUPT`: the record and Rock Ridge say different things. */
export function typeOf({ isFolder, at }: DirectoryRecord, { posix, link }: RockRidge): FileType {
  if (isFolder) return 'directory';
  if (posix === undefined) return link === undefined ? 'file' : 'symlink';
  const type = TYPES.get(posix.mode & TYPE_MASK);
  if (type === undefined || type === 'directory')
    throw damaged(`the file at byte ${at} has a type that cannot be`, { recordAt: at, mode: posix.mode });
  return type;
}

/** What is known of a file or folder. Throws `CORRUPT` where its data lie outside of the volume, `FORMAT_UNSUPPORTED` for some links. */
export function statOf(volume: IsoVolume, node: NodeId, { parts, rockRidge, type }: IsoNode): FileStat {
  const [first] = parts;
  const { posix, mtimeNs = first?.timeNs ?? 0n, atimeNs, ctimeNs, device } = rockRidge;
  const storedBytes = storedIn(volume, node, type, parts);
  return {
    node,
    type,
    sizeBytes:
      type === 'symlink' ? encodeName(linkOf(rockRidge)).byteLength : dataBytes(rockRidge, type, storedBytes),
    allocatedBytes: Math.ceil(storedBytes / volume.blockBytes) * volume.blockBytes,
    mode: posix === undefined ? MODE[type === 'directory' ? 'folder' : 'file'] : posix.mode & 0o7777,
    uid: posix?.uid ?? 0,
    gid: posix?.gid ?? 0,
    links: Math.max(1, posix?.links ?? 1),
    mtimeNs,
    atimeNs: atimeNs ?? mtimeNs,
    ctimeNs: ctimeNs ?? mtimeNs,
    ...(type.endsWith('-device') && device !== undefined ? { device } : {}),
  };
}

/** What of a folder lies on the volume; whoever lists it is told of the rest. */
function storedIn(
  volume: IsoVolume,
  node: NodeId,
  type: FileType,
  parts: readonly DirectoryRecord[],
): number {
  if (type === 'directory') return Math.min(parts[0]?.sizeBytes ?? 0, volume.source.sizeBytes - node);
  return type === 'file' ? sizeOf(volume, parts) : 0;
}

/** The text of a symbolic link. Throws `CORRUPT` for one without, `FORMAT_UNSUPPORTED` for one that names the host. */
export function linkOf({ link }: RockRidge): string {
  if (link === undefined) throw damaged('a symbolic link leads nowhere');
  return link.text();
}

function dataBytes({ zisofs }: RockRidge, type: FileType, storedBytes: number): number {
  return type === 'file' && zisofs !== undefined ? zisofs.sizeBytes : storedBytes;
}
