import type { Call, Finding } from '@sendense/core';
import type { FileStat, FileSystemReader, FileType } from '../file-system-reader.ts';
import { type ArchiveEntry, type ArchiveRequest, archiveEntries } from './archive-entries.ts';
import { fillHoles } from './fill-holes.ts';
import { encodeSparseMap, type SparseFile } from './sparse-map.ts';
import { encodeHeader, padding, TAR_BLOCK_BYTES, type TarEntry, type TarType } from './tar-header.ts';

const TYPES: { readonly [type in Exclude<FileType, 'socket'>]: TarType } = {
  file: '0',
  symlink: '2',
  'char-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
};

/**
 * A file or folder as a tar archive: POSIX pax with names, modes, owners, times to the nanosecond, links and hard links, and
 * sparse files as GNU tar stores them. Nothing comes into it twice: another name of a file is a hard link, whatever its count of
 * links says; a wrong count is told. What is damaged is left out and told; a file whose bytes cannot be read to the end, after its header was written, rejects.
 */
export async function* tarTree(
  request: ArchiveRequest,
  call?: Call,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const entry of archiveEntries(request, call)) yield* tarEntry(request, entry, call);
  yield new Uint8Array(2 * TAR_BLOCK_BYTES);
}

async function* tarEntry(
  { reader, onFinding }: ArchiveRequest,
  entry: ArchiveEntry,
  call: Call | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { kind, path, stat } = entry;
  const { mode, uid, gid, mtimeNs, type } = stat;
  if (type === 'socket') return; // none of them comes here
  const header: TarEntry = { type: TYPES[type], path, sizeBytes: 0, mode, uid, gid, mtimeNs };
  if (kind === 'hard-link') {
    if (entry.isTooMany) onFinding(tooManyNames(path, entry.first, stat));
    yield encodeHeader({ ...header, type: '1', linkPath: entry.first });
  } else if (kind === 'file') yield* tarFile(reader, header, stat, entry.sparse, call);
  else if (kind === 'symlink') yield encodeHeader({ ...header, linkPath: entry.target });
  else if (kind === 'directory') yield encodeHeader({ ...header, path: `${path}/` });
  else yield encodeHeader({ ...header, ...(stat.device && { device: stat.device }) });
}

/** Names may have been joined by damage only: whoever reads the archive is to look at both. */
function tooManyNames(path: string, first: string, { links }: FileStat): Finding {
  const names = `${JSON.stringify(path)} and ${JSON.stringify(first)}`;
  return {
    severity: 'warning',
    code: 'link-count-wrong',
    message: `${names} are names of one file, which says that it has ${links}: they are linked in the archive`,
    object: path,
  };
}

async function* tarFile(
  reader: FileSystemReader,
  entry: TarEntry,
  { node, sizeBytes }: FileStat,
  sparse: SparseFile | undefined,
  call: Call | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const whole = { offset: 0, length: sizeBytes };
  const pieces = reader.read(node, whole, call);
  if (sparse === undefined) {
    yield encodeHeader({ ...entry, sizeBytes });
    yield* fillHoles(pieces, whole);
    yield padding(sizeBytes);
    return;
  }
  const map = encodeSparseMap(sparse, sizeBytes);
  const storedBytes = map.byteLength + sparse.dataBytes;
  yield encodeHeader({ ...sparseEntry(entry, sizeBytes), sizeBytes: storedBytes });
  yield map;
  for await (const { bytes } of pieces) yield bytes;
  yield padding(storedBytes);
}

/** Who does not know sparse files finds the map and data under this name. */
function sparseEntry(entry: TarEntry, sizeBytes: number): TarEntry {
  const slash = entry.path.lastIndexOf('/') + 1;
  const path = `${entry.path.slice(0, slash)}GNUSparseFile.0/${entry.path.slice(slash)}`;
  const records = {
    'GNU.sparse.major': '1',
    'GNU.sparse.minor': '0',
    'GNU.sparse.name': entry.path,
    'GNU.sparse.realsize': String(sizeBytes),
  };
  return { ...entry, path, records };
}
