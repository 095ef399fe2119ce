import type { Call, Finding } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import type { FileStat, FileSystemReader, FileType, OwnerCheck } from '../file-system-reader.ts';
import { attempt, isOwned, type OnFinding, type TreeEntry, walkTree } from '../paths/walk-tree.ts';
import { ArchivedFiles, type OtherName } from './archived-files.ts';
import { encodeSparseMap, findSparse, type SparseFile } from './sparse-map.ts';
import { encodeHeader, padding, TAR_BLOCK_BYTES, type TarEntry, type TarType } from './tar-header.ts';

const ZERO_PIECE = new Uint8Array(256 * 1024);
const TYPES: { readonly [type in FileType]?: TarType } = {
  file: '0',
  symlink: '2',
  'char-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
};

/** What an archive is made of. */
export type TarRequest = {
  readonly reader: FileSystemReader;
  /** The file or folder. */
  readonly begin: FileStat;
  /** Its name in the archive; what it holds lies below. */
  readonly name: string;
  readonly onFinding: OnFinding;
};

/**
 * A file or folder as a tar archive: POSIX pax with names, modes, owners, times to the nanosecond, links and hard links, and
 * sparse files as GNU tar stores them. Nothing comes into it twice: another name of a file is a hard link, whatever its count of
 * links says; a wrong count is told. What is damaged is left out and told; a file whose bytes cannot be read to the end, after its header was written, rejects.
 */
export async function* tarTree(
  request: TarRequest,
  call?: Call,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { reader, begin, name, onFinding } = request;
  const known: Known = { archived: new ArchivedFiles(), own: reader.trackOwners?.() };
  for await (const entry of walkTree(reader, begin, onFinding, call, known.own)) {
    const path = entry.path === '' ? name : `${name}/${entry.path}`;
    yield* tarEntry(request, { path, stat: entry.stat }, known, call);
  }
  yield new Uint8Array(2 * TAR_BLOCK_BYTES);
}

/** What was archived, and whose space was met. */
type Known = { readonly archived: ArchivedFiles; readonly own: OwnerCheck | undefined };

async function* tarEntry(
  { reader, onFinding }: TarRequest,
  { path, stat }: TreeEntry,
  { archived, own }: Known,
  call: Call | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const type = TYPES[stat.type];
  if (type === undefined) {
    const message = `${JSON.stringify(path)} is a socket, which archives cannot hold`;
    onFinding({ severity: 'info', code: 'file-left-out', message, object: path });
    return;
  }
  const { mode, uid, gid, mtimeNs } = stat;
  const entry: TarEntry = { type, path, sizeBytes: 0, mode, uid, gid, mtimeNs };
  const other = type === '5' ? undefined : archived.meet(stat);
  if (other !== undefined) {
    const linkPath = await attempt(() => linkedPath(other), path, onFinding);
    if (linkPath === undefined) return;
    if (other !== 'left-out' && other !== 'forgotten' && other.isTooMany)
      onFinding(tooManyNames(path, linkPath, stat));
    yield encodeHeader({ ...entry, type: '1', linkPath });
  } else if (type === '0') {
    const isOwn = await isOwned(own, stat.node, path, onFinding, call);
    const file = isOwn ? await attempt(() => prepareFile(reader, stat, call), path, onFinding) : undefined;
    if (file === undefined) {
      archived.addLeftOut(stat.node);
      return;
    }
    archived.add(stat, path);
    yield* tarFile(reader, entry, stat, file.sparse, call);
  } else if (type === '2') {
    const linkPath = await attempt(() => reader.readLink(stat.node, call), path, onFinding);
    if (linkPath === undefined) return;
    archived.add(stat, path);
    yield encodeHeader({ ...entry, linkPath });
  } else if (type === '5') yield encodeHeader({ ...entry, path: `${path}/` });
  else {
    archived.add(stat, path);
    yield encodeHeader({ ...entry, ...(stat.device && { device: stat.device }) });
  }
}

function linkedPath(other: OtherName): Promise<string> {
  if (other === 'left-out')
    return Promise.reject(damaged('it is another name of a file that could not be archived'));
  if (other === 'forgotten')
    return Promise.reject(
      damaged('it is another name of a file that was archived, one of more than can be kept in mind'),
    );
  return Promise.resolve(other.path);
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

/** Goes through the block map before the header is written: what is damaged can still be left out then. */
async function prepareFile(
  reader: FileSystemReader,
  { node, sizeBytes }: FileStat,
  call: Call | undefined,
): Promise<{ readonly sparse: SparseFile | undefined }> {
  return {
    sparse: await findSparse(reader.extents(node, { offset: 0, length: sizeBytes }, call), sizeBytes),
  };
}

async function* tarFile(
  reader: FileSystemReader,
  entry: TarEntry,
  { node, sizeBytes }: FileStat,
  sparse: SparseFile | undefined,
  call: Call | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = reader.read(node, { offset: 0, length: sizeBytes }, call);
  if (sparse === undefined) {
    yield encodeHeader({ ...entry, sizeBytes });
    let done = 0;
    for await (const { offset, bytes } of pieces) {
      yield* zeros(offset - done);
      yield bytes;
      done = offset + bytes.byteLength;
    }
    yield* zeros(sizeBytes - done);
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

function* zeros(length: number): Generator<Uint8Array, void, undefined> {
  for (let left = length; left > 0; left -= ZERO_PIECE.byteLength)
    yield ZERO_PIECE.subarray(0, Math.min(left, ZERO_PIECE.byteLength));
}
