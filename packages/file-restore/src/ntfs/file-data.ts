import type { ByteRange, Call, Extent } from '@sendense/core';
import { clipRange } from '../bytes/clip-range.ts';
import type { FilePiece } from '../file-system-reader.ts';
import {
  type AttributeStream,
  type Clusters,
  clusterBytesOf,
  isMapped,
  valueBytes,
  writtenBytes,
} from './attribute-stream.ts';
import { CompressedBytes } from './compressed-bytes.ts';

/** The data of a file: `extents` cover a range, `read` gives the data in it and leaves out holes. */
export type FileData = {
  readonly extents: (range: ByteRange, call?: Call) => AsyncIterable<Extent>;
  readonly read: (range: ByteRange, call?: Call) => AsyncIterable<FilePiece>;
};

/** The data of a stream, however it is kept. Throws `CORRUPT` for one that is compressed in an impossible way. */
export function fileData(volume: Clusters, stream: AttributeStream | undefined): FileData {
  if (stream === undefined) return ofBytes(new Uint8Array(0));
  if (!isMapped(stream)) return ofBytes(stream.head.value.bytes);
  const written =
    stream.head.compression === 0
      ? clusterBytesOf(volume, stream, writtenBytes(stream))
      : new CompressedBytes(volume, stream);
  const sizeBytes = valueBytes(stream);
  return {
    extents: (range, call) => withTail(written.extents(range, call), clipRange(range, sizeBytes)),
    read: (range, call) => written.read(range, call),
  };
}

/** What lies in the record itself. */
function ofBytes(bytes: Uint8Array): FileData {
  return {
    async *extents(range) {
      const { from, end } = clipRange(range, bytes.byteLength);
      if (end > from) yield { offset: from, length: end - from, kind: 'data' };
    },
    async *read(range) {
      const { from, end } = clipRange(range, bytes.byteLength);
      if (end > from) yield { offset: from, bytes: bytes.subarray(from, end) };
    },
  };
}

/** Behind what was written are zeros, which join a hole that comes last. */
async function* withTail(
  extents: AsyncIterable<Extent>,
  { from, end }: { readonly from: number; readonly end: number },
): AsyncGenerator<Extent, void, undefined> {
  let hole: Extent | undefined;
  let done = from;
  for await (const extent of extents) {
    if (hole !== undefined) yield hole;
    hole = extent.kind === 'zero' ? extent : undefined;
    if (hole === undefined) yield extent;
    done = extent.offset + extent.length;
  }
  const start = hole?.offset ?? done;
  if (start < end) yield { offset: start, length: end - start, kind: 'zero' };
}
