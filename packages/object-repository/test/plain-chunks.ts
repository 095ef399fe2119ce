import { createHash } from 'node:crypto';
import { type BlockIoDriver, isZeroBytes } from '@sendense/core';
import { createChunker, misnamedChunk } from '@sendense/plugin-kit/chunks';

const nothing = () => Promise.reject(new TypeError('only chunks of memory are made here'));

function nameOf(idKey: Uint8Array, chunk: Uint8Array): Buffer {
  return createHash('sha256').update(idKey).update(chunk).digest();
}

/**
 * A driver whose chunks are neither compressed nor encrypted, only named by their content, which who reads them checks: many times
 * faster than real ones, for tests of the order of operations.
 */
export const plainChunks: BlockIoDriver = {
  specificationVersion: 'v1',
  name: 'plain',
  supports: () => false,
  openReader: nothing,
  openWriter: nothing,
  chunker: (options) =>
    createChunker(options, nothing, ({ idKey }) => ({
      name: async (chunks) => ({
        ids: Buffer.concat(chunks.map((chunk) => nameOf(idKey, chunk))),
        zero: Uint8Array.from(chunks, (chunk) => (isZeroBytes(chunk) ? 1 : 0)),
      }),
      async encode(chunks, into) {
        into.set(Buffer.concat(chunks));
        return Uint32Array.from(chunks, ({ byteLength }) => byteLength);
      },
      decode: async (frames) => Buffer.concat(frames),
      async decodeInto(frame, id, into) {
        if (Buffer.compare(nameOf(idKey, frame), id) !== 0) throw misnamedChunk();
        into.set(frame);
        return frame.byteLength;
      },
    })),
};
