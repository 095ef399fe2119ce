import type { Call } from '@sendense/core';
import type { BlockRun } from '../bytes/block-run.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import { MappedBytes } from '../bytes/mapped-bytes.ts';
import type { Attribute, MappedAttribute, ResidentAttribute } from './attribute.ts';
import { clusterRuns } from './cluster-runs.ts';

/** The clusters of a volume. */
export type Clusters = {
  readonly source: ByteSource;
  readonly clusterBytes: number;
  readonly clusters: number;
};

/** A part of an attribute, of which only the first cluster is known until it is loaded. */
export type AttributePart = {
  readonly firstCluster: number;
  readonly load: (call: Call | undefined) => Promise<Attribute>;
};

/** An attribute whose value lies in clusters: its first part, which tells the sizes, and those that follow. */
export type MappedStream = { readonly head: MappedAttribute; readonly rest: readonly AttributePart[] };

/** An attribute with all its parts. */
export type AttributeStream = { readonly head: ResidentAttribute } | MappedStream;

/** Whether the value of an attribute lies in clusters. */
export function isMapped(stream: AttributeStream): stream is MappedStream {
  return stream.head.isMapped;
}

/** Bytes of the value of an attribute. */
export function valueBytes({ head }: AttributeStream): number {
  return head.isMapped ? head.sizeBytes : head.value.bytes.byteLength;
}

/** What of a value was written, and lies in clusters: what follows are zeros. */
export function writtenBytes({ head }: MappedStream): number {
  return Math.min(head.sizeBytes, head.initialisedBytes);
}

/**
 * The runs of an attribute that touch a window of its clusters, without holes; parts that lie before it are not loaded. Rejects with
 * `CORRUPT` where the parts do not follow each other, name more clusters than the volume has, or end before the window does.
 */
export async function* streamRuns(
  { clusters }: Clusters,
  { head, rest }: MappedStream,
  { first, end }: { readonly first: number; readonly end: number },
  call?: Call,
): AsyncGenerator<BlockRun, void, undefined> {
  const parts: readonly AttributePart[] = [{ firstCluster: 0, load: () => Promise.resolve(head) }, ...rest];
  let left = clusters;
  for (const [index, { firstCluster, load }] of parts.entries()) {
    const next = parts[index + 1]?.firstCluster;
    if (firstCluster >= end) return;
    if (next !== undefined && next <= first) continue;
    const part = await load(call);
    if (
      !part.isMapped ||
      part.firstCluster !== firstCluster ||
      (next !== undefined && part.endCluster !== next)
    )
      throw damaged('the parts of an attribute do not follow each other');
    for (const run of clusterRuns(part, clusters)) {
      left -= run.blocks;
      if (left < 0) throw damaged('an attribute has more clusters than its file system');
      if (run.fileBlock < end && run.fileBlock + run.blocks > first) yield run;
    }
    if (next === undefined && part.endCluster < end) throw damaged('the parts of an attribute end early');
  }
}

/** The first `sizeBytes` bytes of an attribute as they lie in its clusters. */
export function clusterBytesOf(volume: Clusters, stream: MappedStream, sizeBytes: number): MappedBytes {
  return new MappedBytes(volume.source, volume.clusterBytes, sizeBytes, (window, call) =>
    streamRuns(volume, stream, window, call),
  );
}

/** The whole value of an attribute that is small. Rejects with `CORRUPT` for one of more than `most` bytes. */
export async function readValue(
  volume: Clusters,
  stream: AttributeStream,
  most: number,
  call?: Call,
): Promise<Uint8Array> {
  const length = valueBytes(stream);
  if (length > most) throw damaged('an attribute is larger than any of its kind', { length });
  if (!isMapped(stream)) return stream.head.value.bytes;
  const bytes = new Uint8Array(length);
  const written = writtenBytes(stream);
  bytes.set(await clusterBytesOf(volume, stream, written).load({ offset: 0, length: written }, call));
  return bytes;
}
