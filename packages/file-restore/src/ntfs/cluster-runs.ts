import type { BlockRun } from '../bytes/block-run.ts';
import { damaged } from '../bytes/damage.ts';
import type { MappedAttribute } from './attribute.ts';

/** Numbers of runs have up to so many bytes. */
const MOST_WIDTH = 8;

/**
 * The runs of clusters that a part of an attribute maps, blocks being clusters; what was never allocated is left out. Each run is a
 * byte with two widths, its length, and how far it begins behind the one before ("NTFS Documentation", Data Runs). Throws `CORRUPT`
 * for runs outside of the volume's `clusters`, and for those that do not map all that the attribute says.
 */
export function* clusterRuns(
  { runs, firstCluster, endCluster }: MappedAttribute,
  clusters: number,
): Generator<BlockRun, void, undefined> {
  const { bytes } = runs;
  let fileBlock = firstCluster;
  let volumeBlock = 0;
  for (let at = 0; at < bytes.byteLength && bytes[at] !== 0; ) {
    const [lengthWidth, distanceWidth] = [runs.u8(at) & 15, runs.u8(at) >> 4];
    const next = at + 1 + lengthWidth + distanceWidth;
    const isSound = lengthWidth >= 1 && lengthWidth <= MOST_WIDTH && distanceWidth <= MOST_WIDTH;
    if (!isSound || next > bytes.byteLength) throw damaged('the runs of an attribute are cut off');
    const blocks = signed(bytes.subarray(at + 1, at + 1 + lengthWidth));
    if (blocks < 1 || fileBlock + blocks > endCluster)
      throw damaged('runs of an attribute are empty, or more than it says');
    if (distanceWidth > 0) {
      volumeBlock += signed(bytes.subarray(at + 1 + lengthWidth, next));
      if (volumeBlock < 0 || volumeBlock + blocks > clusters)
        throw damaged('a run of an attribute lies outside of its file system', { volumeBlock, blocks });
      yield { fileBlock, blocks, volumeBlock };
    }
    fileBlock += blocks;
    at = next;
  }
  if (fileBlock !== endCluster) throw damaged('the runs of an attribute end early');
}

/** Little-endian; beyond 2^53 inexact, and larger than any volume. */
function signed(bytes: Uint8Array): number {
  const value = bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
  return (bytes.at(-1) ?? 0) < 0x80 ? value : value - 256 ** bytes.byteLength;
}
