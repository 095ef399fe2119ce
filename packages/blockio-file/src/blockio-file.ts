import {
  type BlockEndpoint,
  type BlockIoDriver,
  type Call,
  type Clock,
  type Plugin,
  systemClock,
  type TransferRequest,
  type TransferResult,
  throwIfAborted,
} from '@sendense/core';
import { createChunker } from '@sendense/plugin-kit/chunks';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { FileReader } from './file-reader.ts';
import { FileWriter } from './file-writer.ts';
import { isFileEndpoint, type OpenEndpoint, openEndpoint } from './open-endpoint.ts';
import {
  type CheckedOptions,
  checkOptions,
  type FileDriverOptions,
  fileDriverOptionsSchema,
} from './options.ts';
import { checkMoves, countMoves, moveAt } from './packed-moves.ts';
import { ProgressMeter } from './progress-meter.ts';
import { TargetFile } from './target-file.ts';
import { runTransfer } from './transfer.ts';

/** What the driver takes from its host; tests replace the files. */
export type FileDriverServices = {
  readonly fileSystem?: FileSystem;
  readonly clock?: Pick<Clock, 'monotonicMs'>;
};

type Context = Required<FileDriverServices> & CheckedOptions;

function totalBytes(moves: Float64Array): number {
  let total = 0;
  for (let index = countMoves(moves) - 1; index >= 0; index--) total += moveAt(moves, index).length;
  return total;
}

/** Buffers hold whole zero pieces, so that a piece is never split over two. */
function bufferFor(pieceBytes: number, bufferBytes: number): number {
  return Math.max(1, Math.floor(bufferBytes / pieceBytes)) * pieceBytes;
}

/** Opens the files of a transfer, checks its moves against them and runs it; the caller closes what is in `opened`. */
async function openAndRun(
  context: Context,
  request: TransferRequest,
  opened: AsyncDisposable[],
  call?: Call,
): Promise<TransferResult> {
  const open = async (endpoint: BlockEndpoint, mode: 'read' | 'read-write') => {
    const result = await openEndpoint(context.fileSystem, endpoint, mode);
    opened.push(result.handle);
    return result;
  };
  const from: OpenEndpoint[] = [];
  for (const endpoint of request.from) from.push(await open(endpoint, 'read'));
  const to = await open(request.to, 'read-write');
  checkMoves(request, { from: from.map(({ sizeBytes }) => sizeBytes), to: to.sizeBytes });
  const target = await TargetFile.open(to, context.pastCache);
  opened.push(target);
  const bufferBytes = bufferFor(request.zeros.pieceBytes, context.bufferBytes);
  const progress = new ProgressMeter(totalBytes(request.moves), call?.onProgress, context.clock);
  return await runTransfer({ request, from, to, target, bufferBytes, progress }, call);
}

/** Runs a transfer and closes its files. A failure of closing is told only where the transfer itself succeeded. */
async function transfer(context: Context, request: TransferRequest, call?: Call): Promise<TransferResult> {
  throwIfAborted(call?.signal, 'transfer');
  countMoves(request.moves);
  const opened: AsyncDisposable[] = [];
  const [outcome] = await Promise.allSettled([openAndRun(context, request, opened, call)]);
  const closed = await Promise.allSettled(opened.map((one) => one[Symbol.asyncDispose]()));
  if (outcome.status === 'rejected') throw outcome.reason;
  for (const one of closed) if (one.status === 'rejected') throw one.reason;
  return outcome.value;
}

/** Block IO on files and block devices of this machine, in TypeScript: works everywhere, proves no holes. */
export function createFileDriver(
  options: FileDriverOptions = {},
  { fileSystem = nodeFileSystem, clock = systemClock }: FileDriverServices = {},
): BlockIoDriver {
  const context: Context = { fileSystem, clock, ...checkOptions(options) };
  const openReader = async (endpoint: BlockEndpoint) =>
    new FileReader(await openEndpoint(fileSystem, endpoint, 'read'));
  return {
    specificationVersion: 'v1',
    name: 'file',
    supports: (endpoint) => isFileEndpoint(endpoint),
    openReader,
    chunker: (chunks) => createChunker(chunks, openReader),
    openWriter: async (endpoint) => new FileWriter(await openEndpoint(fileSystem, endpoint, 'read-write')),
    transfer: (request, call) => transfer(context, request, call),
    packsZeros: true,
  };
}

/** Lets a host find and configure the driver by name. */
export const plugin: Plugin<'block-io', FileDriverOptions> = {
  kind: 'block-io',
  name: 'file',
  specificationVersion: 'v1',
  options: fileDriverOptionsSchema,
  create: async (options, services) => createFileDriver(options, { clock: services.clock }),
};
