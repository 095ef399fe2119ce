import { posix } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Call, Finding } from '@sendense/core';
import type { FileStat, FileType } from '../file-system-reader.ts';
import { encodeName } from '../paths/entry-name.ts';
import type { OnFinding } from '../paths/walk-tree.ts';
import { type ArchiveEntry, type ArchiveRequest, archiveEntries } from './archive-entries.ts';
import { deflateAtOnce, deflatePieces } from './deflate.ts';
import { fillHoles } from './fill-holes.ts';
import { ZipDirectory } from './zip-directory.ts';
import { zipName } from './zip-name.ts';
import {
  centralRecord,
  dataDescriptor,
  localHeader,
  needsLongSizes,
  type ZipContent,
  type ZipEntry,
} from './zip-records.ts';

/** Files up to this are compressed in memory, so that their sizes stand before them: every reader knows that form. */
const SMALL_BYTES = 64 * 1024;
const MOST_NAME_BYTES = 0xff_ff;
const TOO_MANY =
  'the directory of the zip would take more memory than one may have; a tar archive has no directory';
const TOO_MUCH = 'holes and second names would take more than its volume; a tar archive keeps them';
/** File types as `st_mode` of Unix has them. */
const UNIX_TYPES: { readonly [type in FileType]?: number } = {
  file: 0o100_000,
  symlink: 0o120_000,
  directory: 0o040_000,
};

/** A zip that is being made. */
class Zip {
  readonly directory: ZipDirectory;
  /** Bytes so far. */
  sizeBytes = 0;
  /** Names whose file came by another name already. */
  copies = 0;
  /** Bytes that it may still hold beside the data of the volume. */
  #spareBytes: number;

  constructor(volumeBytes: number, directory: ZipDirectory) {
    this.directory = directory;
    this.#spareBytes = volumeBytes;
  }

  /** Whether there is room for so many bytes that no space of the volume stands for: holes, and what comes again. */
  takeSpare(bytes: number): boolean {
    if (bytes > this.#spareBytes) return false;
    this.#spareBytes -= bytes;
    return true;
  }

  /** Counts what is given out. */
  give(bytes: Uint8Array): Uint8Array {
    this.sizeBytes += bytes.byteLength;
    return bytes;
  }
}

/**
 * A file or folder as a zip archive with names, modes, owners, times in whole seconds and links, of any size. A zip has no hard
 * links, devices, pipes and holes: other names of a file hold it again, as many as it says to have; devices and pipes are left out; holes are
 * compressed zeros. So that the size of the volume bounds an archive, holes and what comes again may take as much as that; the rest
 * is left out, as are entries beyond a directory of 512 MiB. Names are changed as {@link zipName} does, and where one of two that are
 * alike is a link. All of it is told. What is damaged is left out and told; a file
 * whose bytes cannot be read to the end rejects, and the archive has no end then, without which no program takes it for whole.
 */
export async function* zipTree(
  request: ArchiveRequest,
  call?: Call,
  directory: ZipDirectory = new ZipDirectory(),
): AsyncGenerator<Uint8Array, void, undefined> {
  const { onFinding, volumeBytes } = request;
  const zip = new Zip(volumeBytes, directory);
  for await (const entry of archiveEntries(request, call)) {
    const about = describe(entry, onFinding);
    if (about === undefined) continue;
    if (!zip.directory.hasRoom(about.name.byteLength)) onFinding(leftOut('error', entry.path, TOO_MANY));
    else if (zip.takeSpare(spareOf(entry))) yield* zipEntry(zip, about, entry, request, call);
    else onFinding(leftOut('error', entry.path, TOO_MUCH));
  }
  if (zip.copies > 0) onFinding(hardLinksCopied(zip.copies));
  yield* zip.directory.end(zip.sizeBytes);
}

/** Bytes of an entry that no space of the volume stands for. */
function spareOf({ kind, stat, ...entry }: ArchiveEntry): number {
  if (kind === 'hard-link') return stat.sizeBytes;
  const sparse = 'sparse' in entry ? entry.sparse : undefined;
  return sparse === undefined ? 0 : stat.sizeBytes - sparse.dataBytes;
}

/** What both forms of an entry say of it. */
type About = Omit<ZipEntry, 'isDeflated' | 'sizesFollow' | 'hasLongSizes'>;

/** What is said of an entry; `undefined` for what a zip cannot hold, which is told. */
function describe(entry: ArchiveEntry, onFinding: OnFinding): About | undefined {
  const { path, distinctPath, stat } = entry;
  const isFolder = stat.type === 'directory';
  const relative = withoutRoot(path);
  if (relative === '') return undefined;
  const type = UNIX_TYPES[stat.type];
  if (type === undefined) {
    onFinding(leftOut('info', path, `zip archives cannot hold a ${stat.type}`));
    return undefined;
  }
  if (entry.kind === 'hard-link' && entry.isTooMany) {
    onFinding(leftOut('error', path, `its file says that it has ${stat.links} names only`));
    return undefined;
  }
  const changed = zipName(withoutRoot(distinctPath));
  const name = encodeName(isFolder ? `${changed}/` : changed);
  if (name.byteLength > MOST_NAME_BYTES) {
    onFinding(leftOut('error', path, 'its path is longer than a zip archive can name'));
    return undefined;
  }
  if (posix.basename(changed) !== posix.basename(relative)) onFinding(nameChanged(path, changed));
  const { uid, gid, mtimeNs, mode } = stat;
  return { name, isUtf8: changed.isWellFormed(), unixMode: type | mode, isFolder, uid, gid, mtimeNs };
}

/** The root of the archive has no name. */
function withoutRoot(path: string): string {
  return path.replace(/^\.(?:\/|$)/u, '');
}

async function* zipEntry(
  zip: Zip,
  about: About,
  entry: ArchiveEntry,
  { reader }: ArchiveRequest,
  call: Call | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { node, sizeBytes, type } = entry.stat;
  if (entry.kind === 'hard-link') zip.copies += 1;
  if (type === 'directory') yield wholeEntry(zip, about, new Uint8Array(0));
  else if (type === 'symlink') {
    const target = entry.kind === 'symlink' ? entry.target : await reader.readLink(node, call);
    yield wholeEntry(zip, about, encodeName(target));
  } else {
    const whole = { offset: 0, length: sizeBytes };
    const bytes = fillHoles(reader.read(node, whole, call), whole);
    if (sizeBytes > SMALL_BYTES) yield* streamedEntry(zip, about, entry.stat, bytes);
    else {
      const pieces: Uint8Array[] = [];
      for await (const piece of bytes) pieces.push(piece);
      yield wholeEntry(zip, about, Buffer.concat(pieces));
    }
  }
}

/** An entry whose content is at hand. */
function wholeEntry(zip: Zip, about: About, bytes: Uint8Array): Uint8Array {
  const packed = bytes.byteLength === 0 ? bytes : deflateAtOnce(bytes);
  const isDeflated = packed.byteLength < bytes.byteLength;
  const stored = isDeflated ? packed : bytes;
  const entry = { ...about, isDeflated, sizesFollow: false, hasLongSizes: false };
  const content = { crc32: crc32(bytes), sizeBytes: bytes.byteLength, storedBytes: stored.byteLength };
  zip.directory.add(centralRecord(entry, content, zip.sizeBytes));
  return zip.give(Buffer.concat([localHeader(entry, content), stored]));
}

/** An entry whose content is compressed as it is read. */
async function* streamedEntry(
  zip: Zip,
  about: About,
  { sizeBytes }: FileStat,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hasLongSizes = needsLongSizes(sizeBytes);
  const entry = { ...about, isDeflated: true, sizesFollow: true, hasLongSizes };
  const offset = zip.sizeBytes;
  yield zip.give(localHeader(entry));
  const begin = zip.sizeBytes;
  const sum = { crc32: 0, sizeBytes: 0 };
  for await (const packed of deflatePieces(summed(bytes, sum))) yield zip.give(packed);
  const content: ZipContent = { ...sum, storedBytes: zip.sizeBytes - begin };
  yield zip.give(dataDescriptor(entry, content));
  zip.directory.add(centralRecord(entry, content, offset));
}

/** Passes bytes on and sums them up. */
async function* summed(
  bytes: AsyncIterable<Uint8Array>,
  sum: { crc32: number; sizeBytes: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of bytes) {
    sum.crc32 = crc32(piece, sum.crc32);
    sum.sizeBytes += piece.byteLength;
    yield piece;
  }
}

function leftOut(severity: Finding['severity'], path: string, why: string): Finding {
  const message = `${JSON.stringify(path)} is left out: ${why}`;
  return { severity, code: 'file-left-out', message, object: path };
}

function nameChanged(path: string, changed: string): Finding {
  const message = `${JSON.stringify(path)} is ${JSON.stringify(changed)} in the archive: programs of Windows could take its name for a way elsewhere`;
  return { severity: 'warning', code: 'name-changed', message, object: path };
}

function hardLinksCopied(copies: number): Finding {
  const message = `zip archives have no hard links: ${copies} more names of files hold their content again`;
  return { severity: 'info', code: 'hard-links-copied', message };
}
