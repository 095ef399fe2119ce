import { type Call, throwIfAborted } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import { TREE } from './key.ts';
import type { LogicalSpace } from './logical-space.ts';
import { type Node, type Pointer, parseNode } from './node.ts';
import { type BtrfsSuperblock, CHECKSUM_BYTES } from './superblock.ts';

/** Blocks of metadata that are kept, with their checksums checked. */
const CACHE_BYTES = 16 * 2 ** 20;

/** Reads blocks of metadata, of each the first copy that is sound and what it is to be. */
export class NodeStore {
  readonly #space: LogicalSpace;
  readonly #superblock: BtrfsSuperblock;
  readonly #nodes = new Map<number, Promise<Node>>();

  constructor(space: LogicalSpace, superblock: BtrfsSuperblock) {
    this.#space = space;
    this.#superblock = superblock;
  }

  /** The block that `pointer` of the tree `owner` names. Rejects with `CORRUPT` where no copy of it is that. */
  async read(pointer: Pointer, owner: number, call?: Call): Promise<Node> {
    const known = this.#nodes.get(pointer.logical);
    if (known !== undefined) this.#nodes.delete(pointer.logical);
    // loaded once for all who wait: the signal of one does not end it
    const loading = known ?? this.#load(pointer, owner);
    this.#nodes.set(pointer.logical, loading);
    if (known === undefined) {
      loading.catch(() => this.#nodes.delete(pointer.logical));
      this.#forget();
    }
    const node = await loading;
    throwIfAborted(call?.signal, 'read-file-system');
    const wrong = this.#differs(node, pointer, owner);
    if (wrong !== undefined) throw damaged(nameOf(pointer, wrong), { logical: pointer.logical });
    return node;
  }

  #forget(): void {
    for (const oldest of this.#nodes.keys()) {
      if (this.#nodes.size * this.#superblock.nodeBytes <= CACHE_BYTES) break;
      this.#nodes.delete(oldest);
    }
  }

  async #load(pointer: Pointer, owner: number): Promise<Node> {
    let node: Node | undefined;
    const check = (bytes: Uint8Array): string | undefined => {
      const parsed = this.#parse(bytes);
      const wrong = typeof parsed === 'string' ? parsed : this.#differs(parsed, pointer, owner);
      if (wrong !== undefined) return nameOf(pointer, wrong);
      if (typeof parsed !== 'string') node = parsed;
      return undefined;
    };
    const { nodeBytes, sectorBytes } = this.#superblock;
    if (pointer.logical % sectorBytes !== 0) throw damaged(nameOf(pointer, 'lies between sectors'));
    await this.#space.readSound(pointer.logical, nodeBytes, check);
    if (node === undefined) throw damaged(nameOf(pointer, 'was not read'));
    return node;
  }

  #parse(bytes: Uint8Array): Node | string {
    const { checksum } = this.#superblock;
    const found = checksum.of(bytes.subarray(CHECKSUM_BYTES));
    const isSame = Buffer.compare(found, bytes.subarray(0, checksum.bytes)) === 0;
    return isSame ? parseNode(bytes) : 'does not have its checksum';
  }

  /** How a sound block is not the one that is looked for: one that was written before it, or belongs elsewhere. */
  #differs(node: Node, { logical, generation, level }: Pointer, owner: number): string | undefined {
    const { metadataUuid, generation: newest } = this.#superblock;
    if (node.uuid !== metadataUuid) return 'belongs to another file system';
    if (node.logical !== logical) return 'lies in the wrong place';
    if (node.level !== level) return `is of level ${node.level}, not ${level}`;
    if (node.generation !== generation || generation > newest)
      return `is of generation ${node.generation}, not ${generation}`;
    if (!isOwner(node.owner, owner)) return `belongs to tree ${node.owner}, not ${owner}`;
    return undefined;
  }
}

/** Subvolumes share blocks; other trees do not. */
function isOwner(found: number, wanted: number): boolean {
  return isSubvolume(wanted) ? isSubvolume(found) : found === wanted;
}

function isSubvolume(tree: number): boolean {
  return tree === TREE.top || (tree >= TREE.firstSubvolume && Number.isSafeInteger(tree));
}

function nameOf({ logical }: Pointer, wrong: string): string {
  return `the block of metadata of btrfs at ${logical} ${wrong}`;
}
