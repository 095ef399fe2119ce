import {
  type BlockEndpoint,
  type BlockIoDriver,
  type Chunker,
  type ChunkerOptions,
  guardDriver,
  Secret,
  SendenseError,
} from '@sendense/core';
import { DiskContent } from '../../memory/disk/disk-content.ts';
import { seededBytes } from '../../seeded.ts';
import type { OpenedContext } from '../case.ts';
import { Cleanup } from '../cleanup.ts';

/** Bytes of a chunk in the cases. */
export const CHUNK_BYTES = 16_384;

/** A driver with a chunker, and a disk that it reads by itself. */
export type ChunkerFixture = Partial<AsyncDisposable> & {
  readonly driver: BlockIoDriver;
  /** Makes a disk with this content and gives the endpoint that the driver reads it by. */
  readonly attach: (content: DiskContent) => Promise<BlockEndpoint>;
};

/** A kind of chunker to be tested. */
export type ChunkerSubject = {
  readonly name: string;
  /** A fresh driver. */
  open(): Promise<ChunkerFixture>;
};

/** What a chunker case works with. The driver is guarded. */
export type ChunkerContext = {
  /** A chunker with keys of 64 times these hexadecimal digits. */
  readonly chunker: (keys?: { readonly id?: string; readonly data?: string }) => Chunker;
  readonly attach: ChunkerFixture['attach'];
};

/** Opens a driver of a subject. */
export async function openChunkerContext(subject: ChunkerSubject): Promise<OpenedContext<ChunkerContext>> {
  const cleanup = new Cleanup();
  const fixture = cleanup.add(await subject.open());
  const driver = guardDriver(fixture.driver);
  const context: ChunkerContext = {
    attach: fixture.attach,
    chunker(keys = {}) {
      const chunker = driver.chunker?.(optionsOf(keys));
      if (chunker === undefined) throw noChunker();
      return cleanup.add(chunker);
    },
  };
  return { context, close: () => cleanup.close() };
}

function optionsOf({
  id = '1',
  data = '2',
}: {
  readonly id?: string;
  readonly data?: string;
}): ChunkerOptions {
  return {
    chunkBytes: CHUNK_BYTES,
    idKey: new Secret(id.repeat(64)),
    dataKey: new Secret(data.repeat(64)),
    zstdLevel: 3,
  };
}

function noChunker(): SendenseError {
  return new SendenseError('UNSUPPORTED', 'the driver has no chunker', { operation: 'open-chunker' });
}

/** Four chunks: random bytes, text that compresses well, zeros, the first one again; and half a chunk. */
export function chunkedDisk(): DiskContent {
  const content = new DiskContent(4.5 * CHUNK_BYTES);
  content.write(0, seededBytes(501, CHUNK_BYTES));
  content.write(
    CHUNK_BYTES,
    new TextEncoder().encode('all work and no play '.repeat(781)).subarray(0, CHUNK_BYTES),
  );
  content.write(3 * CHUNK_BYTES, seededBytes(501, CHUNK_BYTES));
  content.write(4 * CHUNK_BYTES, seededBytes(502, CHUNK_BYTES / 2));
  return content;
}

/** The whole of {@link chunkedDisk}, as one range. */
export const WHOLE = Float64Array.of(0, 4.5 * CHUNK_BYTES);
