import type { Call } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { isDescriptorSound } from './metadata-checksums.ts';
import type { Superblock } from './superblock.ts';

/** Finds inodes by their number through the descriptors of the block groups. */
export class InodeTable {
  readonly #source: ByteSource;
  readonly #superblock: Superblock;
  readonly #damagedGroups = new Set<number>();
  /** The last group whose descriptor was checked: inodes are mostly read in their order. */
  #soundGroup = -1;

  constructor(source: ByteSource, superblock: Superblock) {
    this.#source = source;
    this.#superblock = superblock;
  }

  /** Block groups that were met whose descriptor does not have its checksum; their inodes, which have their own, are read all the same. */
  get damagedGroups(): number {
    return this.#damagedGroups.size;
  }

  /** The bytes of an inode. Rejects with `CORRUPT` for a number that the file system does not have. */
  async read(inode: number, call?: Call): Promise<Fields> {
    const { inodes, inodesPerGroup, inodeBytes, blockBytes } = this.#superblock;
    if (!Number.isInteger(inode) || inode < 1 || inode > inodes)
      throw damaged(`there is no inode ${inode}: the file system has ${inodes}`, { inode });
    const group = Math.floor((inode - 1) / inodesPerGroup);
    const table = await this.#tableBlock(group, call);
    const offset = table * blockBytes + ((inode - 1) % inodesPerGroup) * inodeBytes;
    return new Fields(await readBytes(this.#source, offset, inodeBytes, call));
  }

  /** Whether the descriptor of a block group has its checksum, if it is to have one. */
  async isGroupSound(group: number, call?: Call): Promise<boolean> {
    return this.#isSound(group, await this.#descriptor(group, call));
  }

  async #tableBlock(group: number, call: Call | undefined): Promise<number> {
    const { descriptorBytes } = this.#superblock;
    const fields = await this.#descriptor(group, call);
    if (group !== this.#soundGroup) {
      if (this.#isSound(group, fields)) this.#soundGroup = group;
      else this.#damagedGroups.add(group);
    }
    return fields.u32(8) + (descriptorBytes >= 64 ? fields.u32(0x28) * 2 ** 32 : 0);
  }

  #isSound(group: number, descriptor: Fields): boolean {
    const { checksums } = this.#superblock;
    return checksums === undefined || isDescriptorSound(checksums.seed, group, descriptor);
  }

  async #descriptor(group: number, call: Call | undefined): Promise<Fields> {
    const { descriptorBytes } = this.#superblock;
    return new Fields(await readBytes(this.#source, this.#descriptorAt(group), descriptorBytes, call));
  }

  /** Descriptors follow the superblock; with meta groups, each meta group holds those of its own groups. */
  #descriptorAt(group: number): number {
    const { blockBytes, descriptorBytes, firstDataBlock, firstMetaGroup, blocksPerGroup } = this.#superblock;
    const perBlock = blockBytes / descriptorBytes;
    const metaGroup = Math.floor(group / perBlock);
    if (firstMetaGroup === undefined || metaGroup < firstMetaGroup)
      return (firstDataBlock + 1) * blockBytes + group * descriptorBytes;
    const holder = metaGroup * perBlock;
    const block = firstDataBlock + holder * blocksPerGroup + (this.#hasCopy(holder) ? 1 : 0);
    return block * blockBytes + (group % perBlock) * descriptorBytes;
  }

  /** Whether a group begins with a copy of the superblock. */
  #hasCopy(group: number): boolean {
    const { copies } = this.#superblock;
    if (group === 0 || copies === 'all') return true;
    if (copies !== 'sparse') return copies.includes(group);
    return group === 1 || [3, 5, 7].some((base) => isPower(group, base));
  }
}

function isPower(value: number, base: number): boolean {
  let power = base;
  while (power < value) power *= base;
  return power === value;
}
