import { chmod, rm, writeFile } from 'node:fs/promises';
import type { BlockReader, BlockWriter } from '@sendense/core';
import {
  type FormatWriterSubject,
  formatReaderConformance,
  formatWriterConformance,
  overlay,
  type Runner,
} from '../../src/index.ts';
import { createPlain, openPlain, serializePlain } from '../plain-format.ts';
import type { Mutant } from './mutant.ts';

type Open = (path: string) => Promise<BlockReader>;

export const formatReaderMutants: readonly Mutant<Open>[] = [
  {
    breaks: 'fails with a plain error on damage',
    caughtBy: 'refuses a file that was cut short or reads it, and never fails in any other way',
    change: (path) =>
      openPlain(path).catch((error: Error) => {
        throw new RangeError(`offset out of range: ${error.message}`);
      }),
  },
  {
    breaks: 'takes any file for its own',
    caughtBy: 'refuses an empty file and a file of anything else',
    change: (path) => openPlain(path).catch(() => ({ sizeBytes: 0 }) as BlockReader),
  },
  {
    breaks: 'writes to a file that it reads',
    caughtBy: 'leaves the file as it is',
    async change(path) {
      const reader = await openPlain(path);
      await writeFile(path, 'opened', { flag: 'a' });
      return reader;
    },
  },
];

export function registerFormatReader(runner: Runner, open: Open): void {
  formatReaderConformance(runner, {
    name: 'mutant',
    capabilities: { order: 'random', locate: false, digests: false, structured: true },
    write: (path, content) => writeFile(path, serializePlain(content)),
    open,
  });
}

type Create = FormatWriterSubject['create'];

const dirty = (writer: BlockWriter): BlockWriter => overlay(writer, { flush: async () => undefined });

export const formatWriterMutants: readonly Mutant<Create>[] = [
  {
    breaks: 'creates over a file that is there',
    caughtBy: 'refuses to create over a file that is there, and leaves it as it is',
    async change(path, sizeBytes) {
      await rm(path, { force: true });
      return await createPlain(path, sizeBytes);
    },
  },
  {
    breaks: 'lets everybody read what it creates',
    caughtBy: 'creates files that only their owner can read',
    async change(path, sizeBytes) {
      const writer = await createPlain(path, sizeBytes);
      await chmod(path, 0o644);
      return writer;
    },
  },
  {
    breaks: 'completes the image only when it is closed',
    caughtBy: 'leaves a complete image at each flush, of exactly its size',
    change: async (path, sizeBytes) => dirty(await createPlain(path, sizeBytes)),
  },
];

export function registerFormatWriter(runner: Runner, create: Create): void {
  formatWriterConformance(runner, {
    name: 'mutant',
    capabilities: {
      order: 'random',
      rewritable: true,
      untouched: 'zero',
      durable: false,
      endpoint: false,
      copyFrom: false,
    },
    create,
    open: openPlain,
  });
}
