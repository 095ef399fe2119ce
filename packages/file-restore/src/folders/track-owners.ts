import type { Call } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import { damaged } from '../bytes/damage.ts';
import { NumberSet } from '../bytes/number-set.ts';
import type { NodeId, OwnerCheck } from '../file-system-reader.ts';

/**
 * Checks of inodes by the blocks that they have; `runsOf` gives none for those that may share theirs, or have none. It takes a bit of
 * memory for each block that was met.
 */
export function trackBlockOwners(
  runsOf: (node: NodeId, call: Call | undefined) => AsyncIterable<BlockRun>,
): OwnerCheck {
  const taken = new NumberSet();
  return async (node, call) => {
    for await (const { volumeBlock, blocks } of runsOf(node, call))
      if (!taken.addRange(volumeBlock, blocks))
        throw damaged('its blocks belong to another file or folder as well', { inode: node });
  };
}
