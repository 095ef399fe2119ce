import {
  type BlockEndpoint,
  type Call,
  type FileEndpoint,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import type { Addon, NativeEndpoint, NativeFile } from './addon.ts';
import { mapFailure } from './map-error.ts';

/** An open file or device, and what it was opened as. */
export type OpenNative = { readonly file: NativeFile; readonly endpoint: FileEndpoint };

/** Whether `endpoint` is a file or block device of this machine. */
export function isFileEndpoint(endpoint: BlockEndpoint): endpoint is FileEndpoint {
  return endpoint.kind === 'file' || endpoint.kind === 'device';
}

/** A file endpoint. Throws `UNSUPPORTED` for another one. */
export function fileEndpoint(endpoint: BlockEndpoint): FileEndpoint {
  if (isFileEndpoint(endpoint)) return endpoint;
  throw new SendenseError('UNSUPPORTED', `the native driver cannot open '${endpoint.kind}' endpoints`, {
    operation: 'open-endpoint',
    remedy: 'use a driver that can',
  });
}

/** The endpoint as the addon takes it. */
export function toNative({ kind, path }: FileEndpoint): NativeEndpoint {
  return { path, device: kind === 'device' };
}

/** Opens a file or device. Rejects with `NOT_FOUND`, `PERMISSION_DENIED` or `UNSUPPORTED` by cause. */
export async function openNative(
  addon: Addon,
  at: BlockEndpoint,
  use: 'read' | 'write',
  call?: Call,
): Promise<OpenNative> {
  const endpoint = fileEndpoint(at);
  const { file, failure } = await addon.openFile(toNative(endpoint), use === 'write');
  if (failure !== undefined) throw mapFailure(failure, { operation: 'open-endpoint', endpoint });
  if (file === undefined) throw new TypeError('the addon gave neither a file nor a failure');
  try {
    throwIfAborted(call?.signal, 'open-endpoint');
  } catch (error) {
    file.close();
    throw error;
  }
  return { file, endpoint };
}
