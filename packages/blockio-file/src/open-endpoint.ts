import { type BlockEndpoint, type FileEndpoint, SendenseError } from '@sendense/core';
import type { FileHandle, FileStatus, FileSystem, OpenMode } from '@sendense/plugin-kit/files';
import { deviceSize } from './device-size.ts';

/** An open file or block device and its size in bytes. */
export type OpenEndpoint = {
  readonly handle: FileHandle;
  readonly endpoint: FileEndpoint;
  readonly sizeBytes: number;
  /** Equal for two names of one file. */
  readonly identity: string;
};

/** Whether `endpoint` is a file or block device of this machine. */
export function isFileEndpoint(endpoint: BlockEndpoint): endpoint is FileEndpoint {
  return endpoint.kind === 'file' || endpoint.kind === 'device';
}

function unsupported(message: string, remedy: string): SendenseError {
  return new SendenseError('UNSUPPORTED', message, { operation: 'open-endpoint', remedy });
}

/** Refuses what is not of the endpoint's kind before it is opened: opening a named pipe would wait for ever. */
async function checkKind(fileSystem: FileSystem, { kind, path }: FileEndpoint): Promise<FileStatus> {
  const status = await fileSystem.stat(path);
  if (status === undefined) {
    throw new SendenseError('NOT_FOUND', `${path} does not exist`, { operation: 'open-endpoint' });
  }
  if (status.kind === kind) return status;
  if (status.kind === 'device') throw unsupported(`${path} is a block device`, "name it with kind 'device'");
  throw unsupported(
    `${path} is not a ${kind === 'file' ? 'regular file' : 'block device'}`,
    'check the path',
  );
}

/** Opens a file endpoint. Rejects with `NOT_FOUND`, `PERMISSION_DENIED` or `UNSUPPORTED` by cause. */
export async function openEndpoint(
  fileSystem: FileSystem,
  endpoint: BlockEndpoint,
  mode: Exclude<OpenMode, 'create'>,
): Promise<OpenEndpoint> {
  if (!isFileEndpoint(endpoint)) {
    throw unsupported(`the file driver cannot open '${endpoint.kind}' endpoints`, 'use a driver that can');
  }
  const { identity } = await checkKind(fileSystem, endpoint);
  const handle = await fileSystem.open(endpoint.path, mode);
  try {
    const sizeBytes = endpoint.kind === 'file' ? await handle.size() : await deviceSize(handle);
    return { handle, endpoint, sizeBytes, identity };
  } catch (error) {
    await handle[Symbol.asyncDispose]();
    throw error;
  }
}
