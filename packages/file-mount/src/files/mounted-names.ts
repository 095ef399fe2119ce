import { createHash } from 'node:crypto';
import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import type { NodeId } from '@sendense/file-restore';
import { FolderNames } from './folder-names.ts';
import type { FolderList, PlaceBelow } from './folder-protocol.ts';
import type { FolderReads } from './mounted-folder.ts';
import { NodeNumbers, type NumberedName, ROOT } from './node-numbers.ts';

/** Names that are kept, in bytes; those of the last folder and of the folders that it lies in, however many they have. */
const MOST_BYTES = 32 * 1024 * 1024;

/** What stays known of a folder that was listed: its own name, empty for the root, and a digest of the names in it. */
type Listed = { readonly name: Uint8Array; readonly digest: string };

/** The names of the folders of a mount, by numbers. Those that were asked for last are kept, with those on the way to the last one. */
export class MountedNames {
  readonly #folder: FolderReads;
  readonly #mostBytes: number;
  readonly #numbers = new NodeNumbers();
  readonly #listed = new Map<NodeId, Listed>();
  /** The folder that was asked for last is at the end. */
  readonly #kept = new Map<NodeId, FolderNames>();
  readonly #reading = new Map<NodeId, Promise<FolderNames>>();
  #keptBytes = 0;

  /** `mostBytes`: how much of the names is kept. */
  constructor(folder: FolderReads, mostBytes: number = MOST_BYTES) {
    this.#folder = folder;
    this.#mostBytes = mostBytes;
  }

  /**
   * The names of a folder, and the number of the first of them. Rejects as the system refuses, and with `CORRUPT` for a folder that lists
   * other names than before: a number would stand for another file.
   */
  async list(folder: NodeId, call?: Call): Promise<{ readonly names: FolderNames; readonly first: NodeId }> {
    throwIfAborted(call?.signal, 'list-folder');
    const names = this.#recall(folder) ?? (await this.#readOnce(folder));
    return { names, first: this.#numbers.firstOf(folder, names.count) };
  }

  /** Where a node lies. Rejects with `NOT_FOUND` for a number that was never given. */
  async place(node: NodeId, call?: Call): Promise<PlaceBelow> {
    if (node === ROOT) return { folder: ROOT, way: [] };
    const { folder, index } = this.#find(node);
    const { names } = await this.list(folder, call);
    return { folder, way: await this.#way(folder), name: names.bytes(index) };
  }

  /** Names from the root to a folder. No list of names pushes that of the folder itself out for it: names of listed folders are known. */
  async #way(folder: NodeId): Promise<readonly Uint8Array[]> {
    const way: Uint8Array[] = [];
    for (let here = folder; here !== ROOT; ) {
      const { folder: above, index } = this.#find(here);
      way.push(this.#listed.get(here)?.name ?? (await this.list(above)).names.bytes(index));
      here = above;
    }
    return way.toReversed();
  }

  #recall(folder: NodeId): FolderNames | undefined {
    const names = this.#kept.get(folder);
    if (names === undefined) return undefined;
    this.#kept.delete(folder);
    this.#kept.set(folder, names);
    return names;
  }

  /** Whoever else asks meanwhile waits for the same: so it is not one caller's to cancel. */
  #readOnce(folder: NodeId): Promise<FolderNames> {
    const known = this.#reading.get(folder);
    if (known !== undefined) return known;
    const read = this.#read(folder).finally(() => this.#reading.delete(folder));
    this.#reading.set(folder, read);
    return read;
  }

  async #read(folder: NodeId): Promise<FolderNames> {
    const way = await this.#way(folder);
    const list = await this.#folder.ask({ kind: 'list', place: { folder, way } });
    this.#refuseOthers(folder, way, list);
    const names = new FolderNames(list);
    this.#kept.set(folder, names);
    this.#keptBytes += names.byteLength;
    this.#forget(folder);
    return names;
  }

  /** Drivers of programs may list a folder in another order, and a disk may answer otherwise. */
  #refuseOthers(folder: NodeId, way: readonly Uint8Array[], { names }: FolderList): void {
    const digest = createHash('sha256').update(names).digest('base64');
    const known = this.#listed.get(folder);
    if (known === undefined) this.#listed.set(folder, { name: way.at(-1) ?? new Uint8Array(), digest });
    else if (known.digest !== digest) throw listedOtherwise();
  }

  /** Whoever walks a tree comes back to the folders on the way to the last one: to list each of them again would take ages. */
  #forget(last: NodeId): void {
    if (this.#keptBytes <= this.#mostBytes) return;
    const isOnWay = new Set(this.#foldersTo(last));
    for (const [folder, names] of this.#kept) {
      if (this.#keptBytes <= this.#mostBytes) return;
      if (isOnWay.has(folder)) continue;
      this.#kept.delete(folder);
      this.#keptBytes -= names.byteLength;
    }
  }

  /** A folder and those that it lies in, up to the root. */
  *#foldersTo(folder: NodeId): Generator<NodeId, void, undefined> {
    for (let here = folder; here !== ROOT; here = this.#find(here).folder) yield here;
    yield ROOT;
  }

  #find(node: NodeId): NumberedName {
    const found = this.#numbers.find(node);
    if (found !== undefined) return found;
    throw new SendenseError('NOT_FOUND', `there is no file of number ${node}`, { operation: 'read-folder' });
  }
}

function listedOtherwise(): SendenseError {
  return new SendenseError('CORRUPT', 'the driver of this file system lists other names than before', {
    operation: 'list-folder',
    remedy:
      'open the point again; where that happens again, restore the disk and read it with the system that made it',
  });
}
