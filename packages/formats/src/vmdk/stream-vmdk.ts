import { alignExtents, type BlockReader, type Call, throwIfAborted } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import type { z } from 'zod';
import { PACKED_AT_ONCE } from '../compress/packing-line.ts';
import { roundUpSize, SIZE_RULES } from '../size-rules.ts';
import { GRAIN_BYTES, SECTOR_BYTES } from './constants.ts';
import { deflateGrain } from './deflate-grain.ts';
import { streamVmdkOptionsSchema } from './options.ts';
import { StreamEncoder } from './stream-encoder.ts';
import { newContentId, writeDescriptor } from './write-descriptor.ts';

/** How to write a stream; see {@link streamVmdkOptionsSchema}. */
export type StreamVmdkOptions = z.input<typeof streamVmdkOptionsSchema> & Call;

/**
 * The bytes of a streamOptimized image of the disk of `reader`, in the layout that ESXi imports: forwards only, never back, so
 * that they can go straight to a network. Memory: the grain directory (4 bytes for 32 MiB of disk) and some grains. Rejects
 * with `CONFIG_INVALID`, `FORMAT_UNSUPPORTED` for a disk above 62 TiB or more than 2 TiB of data, and what the reader rejects
 * with.
 */
export async function* streamVmdk(
  reader: BlockReader,
  options: StreamVmdkOptions = {},
): AsyncGenerator<Uint8Array> {
  const { signal, onProgress, ...plain } = options;
  const checked = await parseOptions(streamVmdkOptionsSchema, plain, 'a VMDK stream');
  const encoder = streamEncoderOf(reader.sizeBytes, checked);
  yield encoder.head();
  let done = 0;
  for await (const { index, packed } of packedGrains(reader, signal)) {
    if (packed === undefined) continue;
    yield* encoder.grain(index, packed);
    done = Math.min((index + 1) * GRAIN_BYTES, reader.sizeBytes);
    onProgress?.({ done, total: reader.sizeBytes, unit: 'bytes' });
  }
  yield encoder.tail().bytes;
}

/** The encoder of a stream of a disk of that size; rejects as {@link streamVmdk} does. */
export function streamEncoderOf(
  sizeBytes: number,
  { name, adapterType, contentId }: z.output<typeof streamVmdkOptionsSchema>,
): StreamEncoder {
  const rounded = roundUpSize(sizeBytes, [SIZE_RULES.vmdk]);
  const descriptor = writeDescriptor({
    createType: 'streamOptimized',
    contentId: contentId ?? newContentId(),
    adapterType,
    sizeBytes: rounded,
    extents: [{ access: 'RW', sectors: rounded / SECTOR_BYTES, type: 'SPARSE', file: name }],
  });
  return new StreamEncoder(rounded, descriptor);
}

type PackedGrain = { readonly index: number; readonly packed: Uint8Array | undefined };

/** The grains of the disk that may hold data, ascending; some are compressed while the next are read. */
async function* packedGrains(
  reader: BlockReader,
  signal: AbortSignal | undefined,
): AsyncGenerator<PackedGrain> {
  const waiting: Promise<PackedGrain>[] = [];
  try {
    for await (const { index, data } of readGrains(reader, signal)) {
      const packing = deflateGrain(data).then((packed) => ({ index, packed }));
      // It is awaited later; until then its failure is nobody's.
      packing.catch(() => undefined);
      waiting.push(packing);
      const oldest = waiting.length < PACKED_AT_ONCE ? undefined : waiting.shift();
      if (oldest !== undefined) yield await oldest;
    }
    for (const packing of waiting.splice(0)) yield await packing;
  } finally {
    await Promise.allSettled(waiting);
  }
}

/** Reads what is not proven to be zeros, a grain at a time out of larger reads. */
async function* readGrains(reader: BlockReader, signal: AbortSignal | undefined) {
  const { sizeBytes, limits } = reader;
  if (sizeBytes === 0) return;
  const alignmentBytes = Math.max(GRAIN_BYTES, limits.alignmentBytes);
  const call: Call = signal ? { signal } : {};
  const pieceBytes = pieceOf(alignmentBytes, limits.maxBytes);
  const extents = reader.extents({ offset: 0, length: sizeBytes }, call);
  for await (const { offset, length, kind } of alignExtents(extents, { alignmentBytes, sizeBytes })) {
    if (kind === 'zero') continue;
    const end = offset + length;
    for (let at = offset; at < end; at += pieceBytes) {
      throwIfAborted(signal, 'stream-image');
      const piece = new Uint8Array(Math.min(pieceBytes, end - at));
      await readWhole(reader, at, piece, call);
      for (let from = 0; from < piece.byteLength; from += GRAIN_BYTES)
        yield { index: (at + from) / GRAIN_BYTES, data: piece.subarray(from, from + GRAIN_BYTES) };
    }
  }
}

/** Grains that are read at once: as many as are compressed at once. */
function pieceOf(alignmentBytes: number, maxBytes: number): number {
  const wanted = Math.min(PACKED_AT_ONCE * GRAIN_BYTES, maxBytes);
  return Math.max(alignmentBytes, wanted - (wanted % alignmentBytes));
}

/** Reads a piece that may be larger than what the reader gives at once. */
async function readWhole(reader: BlockReader, offset: number, into: Uint8Array, call: Call): Promise<void> {
  const { alignmentBytes, maxBytes } = reader.limits;
  const most = maxBytes - (maxBytes % alignmentBytes);
  for (let from = 0; from < into.byteLength; from += most)
    await reader.read(offset + from, into.subarray(from, from + most), call);
}
