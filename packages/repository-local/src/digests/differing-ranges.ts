import type { ByteRange } from '@sendense/core';
import type { ChainDigests } from './chain-digests.ts';
import { CLUSTER_BYTES } from './digest-page.ts';

/**
 * Where two disks differ within the first `sizeBytes`, by their digests alone: for two points that share no file. Reads no
 * data, but the digest files of both whole chains.
 */
export async function* differingRanges(
  left: Pick<ChainDigests, 'at'>,
  right: Pick<ChainDigests, 'at'>,
  sizeBytes: number,
): AsyncGenerator<ByteRange> {
  const clusters = Math.ceil(sizeBytes / CLUSTER_BYTES);
  let from = -1;
  for (let cluster = 0; cluster < clusters; ) {
    const a = await left.at(cluster);
    const b = await right.at(cluster);
    const bothZero = a.kind === 'zero' && b.kind === 'zero';
    const same =
      bothZero || (a.kind === 'data' && b.kind === 'data' && Buffer.compare(a.digest, b.digest) === 0);
    if (same && from >= 0) {
      yield rangeOf(from, cluster, sizeBytes);
      from = -1;
    }
    if (!same && from < 0) from = cluster;
    cluster = bothZero ? Math.min(a.end, b.end) : cluster + 1;
  }
  if (from >= 0) yield rangeOf(from, clusters, sizeBytes);
}

function rangeOf(from: number, to: number, sizeBytes: number): ByteRange {
  const offset = from * CLUSTER_BYTES;
  return { offset, length: Math.min(to * CLUSTER_BYTES, sizeBytes) - offset };
}
