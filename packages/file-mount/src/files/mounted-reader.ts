import { type ByteRange, type Call, type Extent, type Finding, SendenseError } from '@sendense/core';
import {
  type DirectoryEntry,
  type DirectoryPage,
  decodeName,
  type FilePiece,
  type FileStat,
  type FileSystemReader,
  type NodeId,
  type PageOptions,
} from '@sendense/file-restore';
import { readAhead } from '@sendense/plugin-kit';
import { dataRuns } from './data-runs.ts';
import type { FolderNames } from './folder-names.ts';
import { ENTRY_TYPES } from './folder-protocol.ts';
import type { FolderReads } from './mounted-folder.ts';
import { MountedNames } from './mounted-names.ts';
import { ROOT } from './node-numbers.ts';
import { nodeStat } from './node-stat.ts';

/** Asked for at once; a multiple of the blocks of file systems. */
const PIECE_BYTES = 1024 * 1024;

/**
 * A file system that a driver of this machine shows in a folder, as one that is read in process. The folder never changes. Names are
 * found exactly as they are listed.
 */
export class MountedReader implements FileSystemReader {
  readonly kind: string;
  readonly label = '';
  readonly uuid = '';
  readonly root: NodeId = ROOT;
  readonly findings: readonly Finding[] = [];
  readonly #folder: FolderReads;
  readonly #names: MountedNames;
  /** The first number that was given for each file with several names. */
  readonly #linked = new Map<string, NodeId>();
  /** What was told last: an archive asks what a file is, where its data lies, and for its bytes, one right after the other. */
  #told: { readonly node: NodeId; readonly stat: FileStat } | undefined;

  constructor(kind: string, folder: FolderReads) {
    this.kind = kind;
    this.#folder = folder;
    this.#names = new MountedNames(folder);
  }

  async stat(node: NodeId, call?: Call): Promise<FileStat> {
    const stat = await this.#stat(node, call);
    this.#told = { node, stat };
    return stat;
  }

  async #stat(node: NodeId, call: Call | undefined): Promise<FileStat> {
    const place = await this.#names.place(node, call);
    const status = await this.#folder.ask({ kind: 'stat', place }, call);
    const stat = nodeStat(node, status);
    if (stat.type === 'directory' || stat.links < 2) return stat;
    const file = `${status.dev}:${status.ino}`;
    const first = this.#linked.get(file) ?? node;
    this.#linked.set(file, first);
    return { ...stat, node: first };
  }

  async list(directory: NodeId, { from, limit }: PageOptions, call?: Call): Promise<DirectoryPage> {
    const { names, first } = await this.#names.list(directory, call);
    const begin = from === undefined ? 0 : Number(from);
    if (!Number.isSafeInteger(begin) || begin < 0 || begin > names.count || from === '')
      throw new SendenseError('CONFIG_INVALID', 'this is no place in the folder to go on from', {
        operation: 'list-folder',
        remedy: 'give what the page before named as the next one',
      });
    const end = Math.min(names.count, begin + limit);
    const entries: DirectoryEntry[] = [];
    for (let index = begin; index < end; index += 1) entries.push(entryOf(names, first, index));
    return { entries, next: end < names.count ? String(end) : undefined, findings: [] };
  }

  async lookup(directory: NodeId, name: string, call?: Call): Promise<DirectoryEntry | undefined> {
    const { names, first } = await this.#names.list(directory, call);
    const index = names.indexOf(name);
    return index < 0 ? undefined : entryOf(names, first, index);
  }

  async readLink(node: NodeId, call?: Call): Promise<string> {
    const place = await this.#names.place(node, call);
    return decodeName(await this.#folder.ask({ kind: 'read-link', place }, call));
  }

  async *extents(node: NodeId, range: ByteRange, call?: Call): AsyncGenerator<Extent, void, undefined> {
    const { from, end, isSparse } = await this.#part(node, range, call);
    if (from === end) return;
    if (!isSparse) {
      yield { offset: from, length: end - from, kind: 'data' };
      return;
    }
    let at = from;
    for await (const { offset, bytes } of this.read(node, range, call)) {
      if (offset > at) yield { offset: at, length: offset - at, kind: 'zero' };
      yield { offset, length: bytes.byteLength, kind: 'data' };
      at = offset + bytes.byteLength;
    }
    if (at < end) yield { offset: at, length: end - at, kind: 'zero' };
  }

  async *read(node: NodeId, range: ByteRange, call?: Call): AsyncGenerator<FilePiece, void, undefined> {
    const { from, end, isSparse } = await this.#part(node, range, call);
    for await (const { offset, bytes } of readAhead(this.#pieces(node, from, end, call), 1)) {
      if (!isSparse) yield { offset, bytes: bytes ?? new Uint8Array(pieceBytes(offset, end)) };
      else if (bytes !== null)
        for (const run of dataRuns(bytes)) yield { offset: offset + run.offset, bytes: run.bytes };
    }
  }

  /** Pieces on a grid, so that zeros are the same for whoever asks. `null`: zeros alone. */
  async *#pieces(node: NodeId, from: number, end: number, call: Call | undefined) {
    const place = await this.#names.place(node, call);
    for (let offset = from; offset < end; ) {
      const length = pieceBytes(offset, end);
      yield { offset, bytes: await this.#folder.ask({ kind: 'read', place, offset, length }, call) };
      offset += length;
    }
  }

  /** The part of a file that was asked for. Holes cannot be asked for: files that take less than they are long have zeros for them. */
  async #part(node: NodeId, { offset, length }: ByteRange, call: Call | undefined) {
    const told = this.#told?.node === node ? this.#told.stat : await this.stat(node, call);
    const { type, sizeBytes, allocatedBytes } = told;
    if (type !== 'file')
      throw new SendenseError('CONFIG_INVALID', `this is a ${type}, not a file`, { operation: 'read-file' });
    const from = Math.min(Math.max(0, offset), sizeBytes);
    const end = Math.min(sizeBytes, from + Math.max(0, length));
    return { from, end, isSparse: allocatedBytes < sizeBytes };
  }
}

function pieceBytes(offset: number, end: number): number {
  return Math.min(PIECE_BYTES - (offset % PIECE_BYTES), end - offset);
}

function entryOf(names: FolderNames, first: NodeId, index: number): DirectoryEntry {
  return { name: names.name(index), node: first + index, type: ENTRY_TYPES[names.type(index)] };
}
