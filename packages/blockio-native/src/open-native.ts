import {
  type BlockEndpoint,
  type Call,
  type FileEndpoint,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import type { Addon, NativeEndpoint, NativeFile } from './addon.ts';
import { type KnownEndpoint, mapFailure } from './map-error.ts';
import { toNativeExport } from './nbd-address.ts';
import type { CheckedOptions } from './options.ts';

/** An open file or device, and what it was opened as. */
export type OpenNative = { readonly file: NativeFile; readonly endpoint: FileEndpoint };

/** Whether the native code can open `endpoint`. */
export function isKnown(endpoint: BlockEndpoint): endpoint is KnownEndpoint {
  return endpoint.kind === 'file' || endpoint.kind === 'device' || endpoint.kind === 'nbd';
}

/** An endpoint that the native code can open. Throws `UNSUPPORTED` for another one. */
export function knownEndpoint(endpoint: BlockEndpoint): KnownEndpoint {
  if (isKnown(endpoint)) return endpoint;
  throw new SendenseError('UNSUPPORTED', `the native driver cannot open '${endpoint.kind}' endpoints`, {
    operation: 'open-endpoint',
    remedy: 'use a driver that can',
  });
}

/** The endpoint as the addon takes it. */
export async function toNative(endpoint: KnownEndpoint, options: CheckedOptions): Promise<NativeEndpoint> {
  if (endpoint.kind !== 'nbd') return fileToNative(endpoint);
  return { path: '', device: false, nbd: await toNativeExport(endpoint, options) };
}

function fileToNative({ kind, path }: FileEndpoint): NativeEndpoint {
  return { path, device: kind === 'device' };
}

/** Opens a file or device. Rejects with `NOT_FOUND`, `PERMISSION_DENIED` or `UNSUPPORTED` by cause. */
export async function openNative(
  addon: Addon,
  endpoint: FileEndpoint,
  use: 'read' | 'write',
  call?: Call,
): Promise<OpenNative> {
  const { file, failure } = await addon.openFile(fileToNative(endpoint), use === 'write');
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
