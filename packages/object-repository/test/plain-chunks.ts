import { createHash } from 'node:crypto';
import { type BlockIoDriver, isZeroBytes } from '@sendense/core';
import { createChunker } from '@sendense/plugin-kit/chunks';

const nothing = () => Promise.reject(new TypeError('only chunks of memory are made here'));

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
        ids: Buffer.concat(chunks.map((chunk) => createHash('sha256').update(idKey).update(chunk).digest())),
        zero: Uint8Array.from(chunks, (chunk) => (isZeroBytes(chunk) ? 1 : 0)),
      }),
      encode: async (chunks) => ({
        bytes: Buffer.concat(chunks),
        lengths: Uint32Array.from(chunks, ({ byteLength }) => byteLength),
      }),
      decode: async (frames) => Buffer.concat(frames),
    })),
};
