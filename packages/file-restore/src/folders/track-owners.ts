import { setImmediate } from 'node:timers/promises';
import { type Call, throwIfAborted } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import { damaged } from '../bytes/damage.ts';
import { NumberSet } from '../bytes/number-set.ts';
import type { NodeId, OwnerCheck } from '../file-system-reader.ts';

/** Blocks of one run after which others get their turn: some milliseconds where they fill the room between others. */
const BLOCKS_PER_TURN = 2 ** 22;

/**
 * Checks of inodes by the blocks that they have; `runsOf` gives none for those that may share theirs, or have none. It takes a bit of
 * memory for each block that was met, and less where they lie together.
 */
export function trackBlockOwners(
  runsOf: (node: NodeId, call: Call | undefined) => AsyncIterable<BlockRun>,
): OwnerCheck {
  const taken = new NumberSet();
  return async (node, call) => {
    for await (const { volumeBlock, blocks } of runsOf(node, call))
      for (let done = 0; done < blocks; done += BLOCKS_PER_TURN) {
        if (done > 0) await setImmediate();
        throwIfAborted(call?.signal, 'check-owners');
        if (!taken.addRange(volumeBlock + done, Math.min(BLOCKS_PER_TURN, blocks - done)))
          throw damaged('its blocks belong to another file or folder as well', { inode: node });
      }
  };
}
