import { type BlockReader, type BlockWriter, SendenseError } from '@sendense/core';
import { type BlockDeviceSubject, openMemoryReader } from '@sendense/testkit';
import { fill } from './image-subjects.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** How a format of blocks makes and opens its images. */
export type BlockImageFormat = {
  readonly name: string;
  /** The writer offers an endpoint instead of copying by itself. */
  readonly isRaw: boolean;
  readonly create: (path: string, sizeBytes: number) => Promise<BlockWriter>;
  readonly open: (path: string) => Promise<BlockReader>;
};

/** A format of blocks, written in any order, for the conformance suites. */
export function blockImageSubject({ name, isRaw, create, open }: BlockImageFormat): BlockDeviceSubject {
  return {
    name,
    reader: {
      capabilities: { order: 'random', locate: true, digests: false },
      open: async (content) => {
        const folder = await temporaryFolder();
        await fill(await create(folder.file('disk'), content.sizeBytes), content);
        return {
          reader: await open(folder.file('disk')),
          [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
        };
      },
    },
    writer: {
      capabilities: {
        durable: false,
        copyFrom: !isRaw,
        endpoint: isRaw,
        order: 'random',
        rewritable: true,
        untouched: 'zero',
      },
      open: async (sizeBytes, base) => {
        const folder = await temporaryFolder();
        const path = folder.file('disk');
        const stored = async (): Promise<BlockReader> => {
          try {
            return await open(path);
          } catch (error) {
            // Before the first flush there is no image: the destination is still what it was.
            if (!SendenseError.is(error, 'FORMAT_INVALID')) throw error;
            return openMemoryReader(base);
          }
        };
        return {
          writer: await create(path, sizeBytes),
          stored,
          [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
        };
      },
    },
  };
}
