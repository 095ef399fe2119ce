import { type BlockReader, type Call, throwIfAborted } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import type { z } from 'zod';
import { serializeFooter } from './footer.ts';
import { newFooter } from './new-footer.ts';
import { streamVhdOptionsSchema } from './options.ts';
import { fixedSize } from './vhd-size.ts';

/** How to stream a disk as a fixed VHD; see {@link streamVhdOptionsSchema}. */
export type StreamVhdOptions = z.input<typeof streamVhdOptionsSchema> & Call;

const PIECE_BYTES = 1024 * 1024;

/**
 * The bytes of a fixed VHD of a disk, forwards only: the disk in pieces of up to 1 MiB, zeros up to a whole MiB, the footer. A
 * piece is good until the next one is asked for. Rejects with `FORMAT_UNSUPPORTED` before the first piece for a disk that is
 * too large, `CONFIG_INVALID` for wrong options.
 */
export async function* streamVhd(
  reader: BlockReader,
  options: StreamVhdOptions = {},
): AsyncGenerator<Uint8Array> {
  const { signal, onProgress, ...plain } = options;
  const { azure } = await parseOptions(streamVhdOptionsSchema, plain, 'a stream of a VHD');
  const sizeBytes = fixedSize(reader.sizeBytes, azure);
  const call = signal ? { signal } : {};
  const buffer = new Uint8Array(PIECE_BYTES);
  let at = 0;
  for await (const { offset, length, kind } of extentsOf(reader, call)) {
    const end = offset + length;
    for (; at < end; onProgress?.({ done: at, total: sizeBytes, unit: 'bytes' })) {
      throwIfAborted(signal, 'stream-image');
      const piece = buffer.subarray(0, Math.min(PIECE_BYTES, end - at));
      if (kind === 'zero') piece.fill(0);
      else await readAll(reader, at, piece, call);
      at += piece.byteLength;
      yield piece;
    }
  }
  if (sizeBytes > at) yield* zeros(sizeBytes - at, buffer);
  yield serializeFooter(newFooter('fixed', sizeBytes, reader.sizeBytes));
}

async function* extentsOf(reader: BlockReader, call: Call) {
  if (reader.sizeBytes > 0) yield* reader.extents({ offset: 0, length: reader.sizeBytes }, call);
}

/** Reads a piece on the grid of the reader. */
async function readAll(reader: BlockReader, offset: number, into: Uint8Array, call: Call): Promise<void> {
  const { alignmentBytes, maxBytes } = reader.limits;
  const start = offset - (offset % alignmentBytes);
  const end = Math.min(
    reader.sizeBytes,
    Math.ceil((offset + into.byteLength) / alignmentBytes) * alignmentBytes,
  );
  const isOnGrid = start === offset && end === offset + into.byteLength;
  const bytes = isOnGrid ? into : new Uint8Array(end - start);
  const step = maxBytes - (maxBytes % alignmentBytes);
  for (let at = 0; at < bytes.byteLength; at += step)
    await reader.read(start + at, bytes.subarray(at, Math.min(at + step, bytes.byteLength)), call);
  if (!isOnGrid) into.set(bytes.subarray(offset - start, offset - start + into.byteLength));
}

function* zeros(length: number, buffer: Uint8Array): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= buffer.byteLength)
    yield buffer.fill(0).subarray(0, Math.min(left, buffer.byteLength));
}
