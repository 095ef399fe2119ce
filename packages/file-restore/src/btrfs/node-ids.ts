import { damaged, notSupported } from '../bytes/damage.ts';
import type { NodeId } from '../file-system-reader.ts';
import { TREE } from './key.ts';

/** A file of a subvolume; or a folder in the place of subvolume `inode`, which is nested there and was left out of a snapshot. */
export type Place = { readonly subvolume: number; readonly inode: number; readonly isLeftOut: boolean };

/** Bits of a number that is exact. */
const EXACT_BITS = 53;

/**
 * One number for a file and its subvolume, since inodes of different subvolumes have the same numbers: those of the top level are as
 * they are, others have the subvolume in their high bits, of which the newest subvolume says how many it takes. Below, the upper half
 * of the numbers is that of subvolumes that were left out.
 */
export class NodeIds {
  /** Numbers of a subvolume. */
  readonly perSubvolume: number;

  /** Throws `FORMAT_UNSUPPORTED` where there were more subvolumes than a number has room for. */
  constructor(newestSubvolume: number) {
    const bits = Math.ceil(Math.log2(indexOf(newestSubvolume) + 2));
    if (bits > EXACT_BITS / 2 - 1)
      throw notSupported('the btrfs file system had more subvolumes than can be told apart');
    this.perSubvolume = 2 ** (EXACT_BITS - bits);
  }

  /** The number of a file. Throws `CORRUPT` for what is none: files of a subvolume are counted, and never so many. */
  encode(subvolume: number, inode: number): NodeId {
    return indexOf(subvolume) * this.perSubvolume + this.#within(inode);
  }

  /** The number of the empty folder in the place of a subvolume that was left out of another one. */
  leftOut(subvolume: number, nested: number): NodeId {
    return indexOf(subvolume) * this.perSubvolume + this.perSubvolume / 2 + this.#within(indexOf(nested));
  }

  #within(number: number): number {
    if (number < this.perSubvolume / 2) return number;
    throw damaged(`a name in a folder leads to number ${number}, which is too large`);
  }

  /** What a number stands for. */
  decode(node: NodeId): Place {
    const index = Math.floor(node / this.perSubvolume);
    const rest = node % this.perSubvolume;
    const isLeftOut = rest >= this.perSubvolume / 2;
    const inode = isLeftOut ? numberAt(rest - this.perSubvolume / 2) : rest;
    return { subvolume: numberAt(index), inode, isLeftOut };
  }
}

/** The top level is 0, subvolumes follow from 1 on. */
function indexOf(subvolume: number): number {
  return subvolume === TREE.top ? 0 : subvolume - TREE.firstSubvolume + 1;
}

function numberAt(index: number): number {
  return index === 0 ? TREE.top : index + TREE.firstSubvolume - 1;
}
