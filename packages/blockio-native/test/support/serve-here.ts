import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileDriver } from '@sendense/blockio-file';
import { startNbdServer } from '@sendense/blockio-nbd/server';
import type { BlockReader, BlockWriter } from '@sendense/core';
import type { DiskContent } from '@sendense/testkit';
import type { DiskServer } from '@sendense/tests/nbd';

/** A server that runs in this process, and the file that it serves. */
export type ServedFile = DiskServer & { readonly path: string };

/** How a disk is served. */
export type ServeOptions = {
  readonly multiConnection?: boolean;
  /** Is awaited before each call of the disk, which reads or changes as many bytes. */
  readonly before?: (bytes: number) => Promise<void>;
};

/** A disk served by the TypeScript server, in this process, from a file that goes with it. */
export async function serveHere(bytes: Uint8Array, options: ServeOptions = {}): Promise<ServedFile> {
  const { before, ...rest } = options;
  const folder = await mkdtemp(join(tmpdir(), 'sendense-native-nbd-'));
  const path = join(folder, 'disk');
  await writeFile(path, bytes);
  const driver = createFileDriver();
  const reader = await driver.openReader({ kind: 'file', path });
  const writer = await driver.openWriter({ kind: 'file', path });
  const server = await startNbdServer({ address: { kind: 'unix', path: join(folder, 'socket') } });
  const disk = before === undefined ? { reader, writer } : delayed(reader, writer, before);
  server.addExport('disk', { ...disk, ...rest });
  return {
    path,
    endpoint: { kind: 'nbd', address: server.address, export: 'disk' },
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await reader[Symbol.asyncDispose]();
      await writer[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** The same disk, where `before` is awaited by each call that reads or changes it. */
function delayed(reader: BlockReader, writer: BlockWriter, before: NonNullable<ServeOptions['before']>) {
  const after = async <T>(bytes: number, call: () => Promise<T>): Promise<T> => {
    await before(bytes);
    return call();
  };
  const owned = { [Symbol.asyncDispose]: async (): Promise<void> => undefined };
  return {
    reader: {
      ...owned,
      sizeBytes: reader.sizeBytes,
      limits: reader.limits,
      read: (offset, into) => after(into.byteLength, () => reader.read(offset, into)),
      extents: (range) => reader.extents(range),
    } satisfies BlockReader,
    writer: {
      ...owned,
      sizeBytes: writer.sizeBytes,
      limits: writer.limits,
      rewritable: writer.rewritable,
      untouched: writer.untouched,
      write: (offset, data) => after(data.byteLength, () => writer.write(offset, data)),
      zero: (offset, length) => after(length, () => writer.zero(offset, length)),
      flush: () => after(0, () => writer.flush()),
    } satisfies BlockWriter,
  };
}

/** The same, of the content of a conformance case. */
export function serveContent(content: DiskContent): Promise<DiskServer> {
  return serveHere(content.bytes());
}

/** A disk that answers nothing while it is held. */
export type SilentDisk = ServedFile & {
  /** Resolves once a call waits. */
  readonly asked: Promise<void>;
  /** Bytes of the calls that came. */
  readonly askedBytes: () => number;
  /** Answers from now on, also what waits. */
  readonly answer: () => void;
};

/** Serves a disk that is silent until it is told to answer, or goes. */
export async function serveSilently(bytes: Uint8Array): Promise<SilentDisk> {
  const [asked, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let askedBytes = 0;
  const before = async (count: number): Promise<void> => {
    askedBytes += count;
    asked.resolve();
    await held.promise;
  };
  const served = await serveHere(bytes, { before, multiConnection: true });
  return {
    ...served,
    asked: asked.promise,
    askedBytes: () => askedBytes,
    answer: held.resolve,
    [Symbol.asyncDispose]: () => {
      held.resolve();
      return served[Symbol.asyncDispose]();
    },
  };
}
