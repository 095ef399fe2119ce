import type { BlockLimits, BlockWriter } from '@sendense/core';
import type { Blake3 } from '@sendense/plugin-kit/digest';
import { Lifetime } from '../lifetime.ts';
import { type PieceTable, pieceKey, piecesOf } from './piece-table.ts';

/** A disk writer of a point, with what `commit` needs of it. */
export interface PieceWriter extends BlockWriter {
  /** The table of the disk after the flushed writes. */
  table(): PieceTable;
  /** Bytes written, zeros included, and bytes of new objects. */
  readonly writtenBytes: number;
  readonly storedBytes: number;
}

/** What a piece writer writes to. */
export type PieceWriterOptions = {
  readonly sizeBytes: number;
  readonly pieceBytes: number;
  readonly order: BlockLimits['order'];
  readonly rewritable: boolean;
  /** The table of the base, or `null` for a full. */
  readonly base: PieceTable | null;
  readonly blake3: Blake3;
  /** Stores a piece under its name; `true` when it was not there yet. */
  put(key: string, bytes: Uint8Array): boolean;
};

/** Opens a writer of whole pieces: a piece of zeros is left out, any other is stored by its digest at `flush`. */
export function openPieceWriter(options: PieceWriterOptions): PieceWriter {
  const { sizeBytes, pieceBytes } = options;
  const lifetime = new Lifetime('disk of a memory point');
  const table = new Map(options.base ?? []);
  const pending = new Map<number, Uint8Array | null>();
  let writtenBytes = 0;
  let storedBytes = 0;

  const store = (index: number, piece: Uint8Array | null): void => {
    if (piece === null || piece.every((byte) => byte === 0)) {
      table.delete(index);
      return;
    }
    const digest = Buffer.from(options.blake3(piece)).toString('hex');
    if (options.put(pieceKey(digest), piece)) storedBytes += piece.byteLength;
    table.set(index, digest);
  };
  return {
    sizeBytes,
    limits: { alignmentBytes: pieceBytes, maxBytes: 16 * pieceBytes, maxInFlight: 4, order: options.order },
    rewritable: options.rewritable,
    untouched: options.base === null ? 'zero' : 'base',
    table: () => table,
    get writtenBytes() {
      return writtenBytes;
    },
    get storedBytes() {
      return storedBytes;
    },
    async write(offset, data, call) {
      await lifetime.enter('write', call);
      for (const { index, at, length } of piecesOf({ offset, length: data.byteLength }, pieceBytes)) {
        pending.set(index, data.slice(at, at + length));
      }
      writtenBytes += data.byteLength;
    },
    async zero(offset, length, call) {
      await lifetime.enter('zero', call);
      for (const { index } of piecesOf({ offset, length }, pieceBytes)) pending.set(index, null);
      writtenBytes += length;
    },
    async flush(call) {
      await lifetime.enter('flush', call);
      for (const [index, piece] of pending) store(index, piece);
      pending.clear();
    },
    async [Symbol.asyncDispose]() {
      lifetime.close();
    },
  };
}
