import { dirname } from 'node:path';
import {
  type Call,
  type ConvertRequest,
  type ConvertResult,
  type FormatConverter,
  isZeroBytes,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import type { FileHandle, FileSystem } from '@sendense/plugin-kit/files';

const PIECE_BYTES = 65_536;
/** How much is copied between two reports of progress. */
const REPORT_BYTES = 1024 * 1024;

/** Copies raw images with their holes: the smallest converter there can be, for the files of any file system. */
export function createMemoryConverter(fileSystem: FileSystem): FormatConverter {
  return {
    specificationVersion: 'v1',
    pairs: [{ from: 'raw', to: 'raw' }],
    convert: (request, call) => convert(fileSystem, request, call),
    async estimateTime(request, call) {
      throwIfAborted(call?.signal, 'estimate-time');
      const bytes = await sizeOf(fileSystem, request.source.path);
      return { milliseconds: Math.ceil(bytes / 1_000_000), basis: 'assumed' };
    },
    async requiredSpace(request, call) {
      throwIfAborted(call?.signal, 'measure-space');
      return await sizeOf(fileSystem, request.source.path);
    },
  };
}

async function sizeOf(fileSystem: FileSystem, path: string): Promise<number> {
  await using handle = await fileSystem.open(path, 'read');
  return await handle.size();
}

/** Under its final name the target is complete and durable, or not there. */
async function convert(fileSystem: FileSystem, request: ConvertRequest, call?: Call): Promise<ConvertResult> {
  const { source, target, overwrite } = request;
  throwIfAborted(call?.signal, 'convert-file');
  if (!overwrite && (await fileSystem.stat(target.path)) !== undefined) throw alreadyThere(target.path);
  await using from = await fileSystem.open(source.path, 'read');
  const partial = `${target.path}.partial`;
  try {
    const sizeBytes = await copy(fileSystem, from, partial, call);
    if (overwrite) await fileSystem.rename(partial, target.path);
    else await fileSystem.link(partial, target.path);
    await fileSystem.syncDirectory(dirname(target.path));
    return {
      format: 'raw',
      subformat: null,
      virtualSizeBytes: sizeBytes,
      fileSizeBytes: sizeBytes,
      findings: [],
    };
  } finally {
    if ((await fileSystem.stat(partial)) !== undefined) await fileSystem.unlink(partial);
  }
}

async function copy(fileSystem: FileSystem, from: FileHandle, path: string, call?: Call): Promise<number> {
  const sizeBytes = await from.size();
  await using to = await fileSystem.open(path, 'create');
  await to.truncate(sizeBytes);
  for (let offset = 0; offset < sizeBytes; offset += PIECE_BYTES) {
    throwIfAborted(call?.signal, 'convert-file');
    const piece = new Uint8Array(Math.min(PIECE_BYTES, sizeBytes - offset));
    await from.read(piece, offset);
    if (!isZeroBytes(piece)) await to.write(piece, offset);
    const done = offset + piece.byteLength;
    if (done % REPORT_BYTES === 0 || done === sizeBytes)
      call?.onProgress?.({ done, total: sizeBytes, unit: 'bytes' });
  }
  await to.sync();
  return sizeBytes;
}

function alreadyThere(path: string): SendenseError {
  return new SendenseError('ALREADY_EXISTS', `${path} already exists`, {
    operation: 'convert-file',
    context: { path },
    remedy: 'choose another name, or allow it to be overwritten',
  });
}
