import type { Call, Finding } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import type { FileStat, FileSystemReader, OwnerCheck } from '../file-system-reader.ts';
import { attempt, isOwned, type OnFinding, walkTree } from '../paths/walk-tree.ts';
import { ArchivedFiles, type OtherName } from './archived-files.ts';
import { type AlikeName, DistinctPaths } from './distinct-paths.ts';
import { findSparse, type SparseFile } from './sparse-map.ts';

/** What an archive is made of. */
export type ArchiveRequest = {
  readonly reader: FileSystemReader;
  /** The file or folder. */
  readonly begin: FileStat;
  /** Its name in the archive; what it holds lies below. */
  readonly name: string;
  /** Size of the volume that it lies in. */
  readonly volumeBytes: number;
  readonly onFinding: OnFinding;
};

/** `path` is relative, with `/` between names, text of `decodeName`. */
type NamedEntry = {
  readonly path: string;
  /** The same, changed where it would lead through a link with a like name; see {@link DistinctPaths}. */
  readonly distinctPath: string;
  readonly stat: FileStat;
};

/** One name that comes into an archive. */
export type ArchiveEntry = NamedEntry &
  (
    | { readonly kind: 'directory' }
    /** `sparse`: where its data lies, when it has holes. */
    | { readonly kind: 'file'; readonly sparse: SparseFile | undefined }
    | { readonly kind: 'symlink'; readonly target: string }
    /** A device or a named pipe. */
    | { readonly kind: 'special' }
    /** Another name of what came as `first`; `isTooMany`: the file says that it has fewer names. */
    | { readonly kind: 'hard-link'; readonly first: string; readonly isTooMany: boolean }
  );

/** What was archived, and whose space was met. */
type Known = { readonly archived: ArchivedFiles; readonly own: OwnerCheck | undefined };

/**
 * What an archive of any format holds, each folder before what lies in it, each file once: its other names are hard links, whatever
 * its count of links says. What is damaged, and sockets, which no archive holds, are left out and told; so are names that are one on other systems.
 */
export async function* archiveEntries(
  request: ArchiveRequest,
  call?: Call,
): AsyncGenerator<ArchiveEntry, void, undefined> {
  const { reader, begin, name, onFinding } = request;
  const known: Known = { archived: new ArchivedFiles(), own: reader.trackOwners?.() };
  const distinct = new DistinctPaths(name);
  for await (const found of walkTree(reader, begin, onFinding, call, { own: known.own })) {
    const path = found.path === '' ? name : `${name}/${found.path}`;
    const { path: distinctPath, alike } = distinct.next(found);
    if (alike !== undefined) onFinding(namesAlike(path, alike));
    const named = { path, distinctPath, stat: found.stat };
    const entry = await toEntry(request, named, known, call);
    if (entry !== undefined) yield entry;
  }
}

async function toEntry(
  request: ArchiveRequest,
  named: NamedEntry,
  known: Known,
  call: Call | undefined,
): Promise<ArchiveEntry | undefined> {
  const { path, stat } = named;
  if (stat.type === 'directory') return { ...named, kind: 'directory' };
  if (stat.type === 'socket') {
    const message = `${JSON.stringify(path)} is a socket, which archives cannot hold`;
    request.onFinding({ severity: 'info', code: 'file-left-out', message, object: path });
    return undefined;
  }
  const other = known.archived.meet(stat);
  if (other === undefined) return firstName(request, named, known, call);
  const first = await attempt(() => firstOf(other), path, request.onFinding);
  return first && { ...named, kind: 'hard-link', first: first.path, isTooMany: first.isTooMany };
}

async function firstName(
  { reader, onFinding }: ArchiveRequest,
  named: NamedEntry,
  { archived, own }: Known,
  call: Call | undefined,
): Promise<ArchiveEntry | undefined> {
  const { path, stat } = named;
  if (stat.type === 'file') {
    const isOwn = await isOwned(own, stat.node, path, onFinding, call);
    const file = isOwn ? await attempt(() => prepareFile(reader, stat, call), path, onFinding) : undefined;
    if (file === undefined) {
      archived.addLeftOut(stat.node);
      return undefined;
    }
    archived.add(stat, path);
    return { ...named, kind: 'file', sparse: file.sparse };
  }
  if (stat.type !== 'symlink') {
    archived.add(stat, path);
    return { ...named, kind: 'special' };
  }
  const target = await attempt(() => reader.readLink(stat.node, call), path, onFinding);
  if (target === undefined) return undefined;
  archived.add(stat, path);
  return { ...named, kind: 'symlink', target };
}

function namesAlike(path: string, { first, isLinked }: AlikeName): Finding {
  const names = `${JSON.stringify(path)} and ${first === undefined ? 'an earlier name' : JSON.stringify(first)} beside it`;
  return {
    severity: isLinked ? 'warning' : 'info',
    code: 'names-alike',
    message: `${names} are one name on Windows and macOS${isLinked ? ', and one of them is a symbolic link' : ''}: unpack them elsewhere`,
    object: path,
  };
}

function firstOf(other: OtherName): Promise<Exclude<OtherName, string>> {
  if (other === 'left-out')
    return Promise.reject(damaged('it is another name of a file that could not be archived'));
  if (other === 'forgotten')
    return Promise.reject(
      damaged('it is another name of a file that was archived, one of more than can be kept in mind'),
    );
  return Promise.resolve(other);
}

/** Goes through the block map before anything of the file is written: what is damaged can still be left out then. */
async function prepareFile(
  reader: FileSystemReader,
  { node, sizeBytes }: FileStat,
  call: Call | undefined,
): Promise<{ readonly sparse: SparseFile | undefined }> {
  return {
    sparse: await findSparse(reader.extents(node, { offset: 0, length: sizeBytes }, call), sizeBytes),
  };
}
