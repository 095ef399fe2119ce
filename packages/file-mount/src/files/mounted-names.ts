import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import type { NodeId } from '@sendense/file-restore';
import { FolderNames } from './folder-names.ts';
import type { PlaceBelow } from './folder-protocol.ts';
import type { FolderReads } from './mounted-folder.ts';
import { NodeNumbers, type NumberedName, ROOT } from './node-numbers.ts';

/** Names that are kept, in bytes; those of the last folder, however many it has. */
const MOST_BYTES = 32 * 1024 * 1024;

/** The names of the folders of a mount, by numbers. Those that were asked for last are kept. */
export class MountedNames {
  readonly #folder: FolderReads;
  readonly #mostBytes: number;
  readonly #numbers = new NodeNumbers();
  /** The folder that was asked for last is at the end. */
  readonly #kept = new Map<NodeId, FolderNames>();
  readonly #reading = new Map<NodeId, Promise<FolderNames>>();
  #keptBytes = 0;

  /** `mostBytes`: how much of the names is kept. */
  constructor(folder: FolderReads, mostBytes: number = MOST_BYTES) {
    this.#folder = folder;
    this.#mostBytes = mostBytes;
  }

  /** The names of a folder, and the number of the first of them. Rejects as the system refuses. */
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

  /** Names from the root to a folder. */
  async #way(folder: NodeId): Promise<readonly Uint8Array[]> {
    const way: Uint8Array[] = [];
    for (let here = folder; here !== ROOT; ) {
      const { folder: above, index } = this.#find(here);
      way.push((await this.list(above)).names.bytes(index));
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
    const place = { folder, way: await this.#way(folder) };
    const names = new FolderNames(await this.#folder.ask({ kind: 'list', place }));
    this.#kept.set(folder, names);
    this.#keptBytes += names.byteLength;
    this.#forget(folder);
    return names;
  }

  #forget(last: NodeId): void {
    for (const [folder, names] of this.#kept) {
      if (this.#keptBytes <= this.#mostBytes || folder === last) return;
      this.#kept.delete(folder);
      this.#keptBytes -= names.byteLength;
    }
  }

  #find(node: NodeId): NumberedName {
    const found = this.#numbers.find(node);
    if (found !== undefined) return found;
    throw new SendenseError('NOT_FOUND', `there is no file of number ${node}`, { operation: 'read-folder' });
  }
}
