import type { Chunker, ChunkerOptions } from '@sendense/core';
import { type ChunkerSubject, createMemoryDriver, overlay } from '../src/index.ts';

/** How a mutant changes each chunker. */
export type ChunkerChange = (chunker: Chunker, options: ChunkerOptions) => Chunker;

/** The chunker of the memory driver, changed. */
export function memoryChunkerSubject(name: string, change: ChunkerChange): ChunkerSubject {
  return {
    name,
    async open() {
      const inner = createMemoryDriver();
      const driver = overlay(inner, {
        chunker(options) {
          const chunker = inner.chunker?.(options);
          if (chunker === undefined) throw new TypeError('the memory driver has no chunker');
          return change(chunker, options);
        },
      });
      return { driver, attach: async (content) => inner.attach('chunked', content) };
    },
  };
}
