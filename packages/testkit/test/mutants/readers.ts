import type { BlockReader } from '@sendense/core';
import {
  blockReaderConformance,
  lyingReader,
  openMemoryReader,
  overlay,
  type ReaderLie,
  type Runner,
} from '../../src/index.ts';
import type { Mutant } from './mutant.ts';

type Change = (reader: BlockReader) => BlockReader;

const lie =
  (name: ReaderLie): Change =>
  (reader) =>
    lyingReader(reader, name);
const cover = 'tells extents that cover the disk exactly';

/** A reader with one scratch buffer for all its reads. */
const sharesScratch: Change = (reader) => {
  const scratch = new Uint8Array(65_536);
  return overlay(reader, {
    async read(offset, into, call) {
      await reader.read(offset, scratch.subarray(0, into.byteLength), call);
      await new Promise(setImmediate);
      into.set(scratch.subarray(0, into.byteLength));
    },
  });
};

export const readerMutants: readonly Mutant<Change>[] = [
  { breaks: 'leaves a gap between extents', caughtBy: cover, change: lie('extents-with-gap') },
  { breaks: 'tells extents twice', caughtBy: cover, change: lie('extents-overlap') },
  { breaks: 'tells extents backwards', caughtBy: cover, change: lie('extents-backwards') },
  { breaks: 'tells extents past the end', caughtBy: cover, change: lie('extents-past-end') },
  { breaks: 'tells empty extents', caughtBy: cover, change: lie('extents-empty') },
  {
    breaks: 'calls data zero',
    caughtBy: 'calls zero only what reads as zeros',
    change: lie('zero-for-data'),
  },
  { breaks: 'fills half of a read', caughtBy: 'reads every byte of the disk', change: lie('short-read') },
  {
    breaks: 'tells the extents of the whole disk for a part',
    caughtBy: 'tells extents of a part, cut to the part byte by byte',
    change: (reader) =>
      overlay(reader, {
        extents: (_, call) => reader.extents({ offset: 0, length: reader.sizeBytes }, call),
      }),
  },
  {
    breaks: 'leaves the buffer as it is over a hole',
    caughtBy: 'replaces what was in the buffer where the disk reads as zeros',
    change: (reader) =>
      overlay(reader, {
        async read(offset, into, call) {
          const bytes = new Uint8Array(into.byteLength);
          await reader.read(offset, bytes, call);
          if (bytes.some((byte) => byte !== 0)) into.set(bytes);
        },
      }),
  },
  {
    breaks: 'writes beside the buffer it is given',
    caughtBy: 'leaves the bytes beside the part to be filled alone',
    change: (reader) =>
      overlay(reader, {
        async read(offset, into, call) {
          await reader.read(offset, into, call);
          if (into.byteOffset > 0) new Uint8Array(into.buffer)[into.byteOffset - 1] = 0;
        },
      }),
  },
  {
    breaks: 'is done with a read that its end came before',
    caughtBy: 'lets a read under way end when it is disposed',
    change: (reader) => {
      let isOpen = true;
      return overlay(reader, {
        async read(offset, into, call) {
          const bytes = new Uint8Array(into.byteLength);
          await reader.read(offset, bytes, call);
          await new Promise(setImmediate);
          if (isOpen) into.set(bytes);
        },
        async [Symbol.asyncDispose]() {
          isOpen = false;
        },
      });
    },
  },
  {
    breaks: 'mixes up reads at once',
    caughtBy: 'answers as many reads at once as it allows',
    change: sharesScratch,
  },
  {
    breaks: 'gives a digest of something else',
    caughtBy: 'gives the digest of what each piece reads as, and none for proven zeros',
    change: (reader) =>
      overlay(reader, {
        async *digests(pieces, call) {
          for await (const digest of reader.digests?.(pieces, call) ?? []) {
            yield digest.byteLength === 0 ? digest : digest.map((byte) => byte ^ 1);
          }
        },
      }),
  },
  {
    breaks: 'gives one digest for the last two pieces',
    caughtBy: 'gives the digests of some pieces alone',
    change: (reader) =>
      overlay(reader, {
        async *digests(pieces, call) {
          let first: Uint8Array | undefined;
          for await (const digest of reader.digests?.(pieces, call) ?? []) {
            first ??= digest;
            yield first;
          }
        },
      }),
  },
  {
    breaks: 'forgets the last sector of the disk',
    caughtBy: 'declares the capabilities it has and limits that can be kept',
    change: (reader) => overlay(reader, { sizeBytes: reader.sizeBytes - 512 }),
  },
];

export function registerReader(runner: Runner, change: Change): void {
  blockReaderConformance(runner, {
    name: 'mutant',
    capabilities: { order: 'random', locate: false, digests: true },
    open: async (content) => change(openMemoryReader(content, { digestPieceBytes: 65_536 })),
  });
}
