import type { Call } from '@sendense/core';
import type { Checksum } from './checksum.ts';
import { CHECKSUMS_OBJECT, ITEM, rangeOf } from './key.ts';
import type { Check } from './logical-space.ts';
import type { Tree } from './tree.ts';

// Layout: "On-disk Format" of the btrfs documentation, EXTENT_CSUM: the checksum of each sector from the key on.

/** The checksums of data: of each sector, except of files that say that theirs have none. */
export class DataChecksums {
  readonly #tree: Tree;
  readonly #checksum: Checksum;
  readonly #sectorBytes: number;

  constructor(tree: Tree, checksum: Checksum, sectorBytes: number) {
    this.#tree = tree;
    this.#checksum = checksum;
    this.#sectorBytes = sectorBytes;
  }

  /** The check of the data of whole sectors from `logical` on. A sector without a checksum is wrong, as Linux takes it. */
  async of(logical: number, length: number, call?: Call): Promise<Check> {
    const sums = await this.#load(logical, length, call);
    const { of } = this.#checksum;
    return (data) => {
      for (let at = 0; at < length; at += this.#sectorBytes) {
        const sum = sums.get(at / this.#sectorBytes);
        if (sum === undefined) return `data of btrfs at ${logical + at} have no checksum`;
        if (Buffer.compare(of(data.subarray(at, at + this.#sectorBytes)), sum) !== 0)
          return `data of btrfs at ${logical + at} do not have their checksum`;
      }
      return undefined;
    };
  }

  /** By the sectors from `logical` on. */
  async #load(
    logical: number,
    length: number,
    call: Call | undefined,
  ): Promise<ReadonlyMap<number, Uint8Array>> {
    const sums = new Map<number, Uint8Array>();
    const { bytes: width } = this.#checksum;
    const { from, to } = rangeOf(CHECKSUMS_OBJECT, ITEM.extentChecksum, logical, logical + length - 1);
    const before = await this.#tree.lastUpTo(from, call);
    for await (const items of this.#tree.itemsIn({ from: before?.key ?? from, to }, call))
      for (const { key, data } of items) {
        if (key.type !== ITEM.extentChecksum || (key.offset - logical) % this.#sectorBytes !== 0) continue;
        const begin = (key.offset - logical) / this.#sectorBytes;
        const end = Math.min(begin + Math.floor(data.bytes.byteLength / width), length / this.#sectorBytes);
        for (let index = Math.max(0, begin); index < end; index += 1)
          sums.set(index, data.slice((index - begin) * width, width));
      }
    return sums;
  }
}
