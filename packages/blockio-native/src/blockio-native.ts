import type { BlockEndpoint, BlockIoDriver, BlockReader, Call, NbdEndpoint, Plugin } from '@sendense/core';
import type { NativeMode } from '@sendense/plugin-kit';
import { createChunker } from '@sendense/plugin-kit/chunks';
import type { Addon, ClientHost, TransferHost } from './addon.ts';
import { absentAddon, loadAddon } from './load-addon.ts';
import { nativeChunkWork } from './native-chunk-work.ts';
import { NativeReader } from './native-reader.ts';
import { NativeWriter } from './native-writer.ts';
import { NbdReader } from './nbd-reader.ts';
import { NbdWriter } from './nbd-writer.ts';
import { type OpenClient, openClient } from './open-client.ts';
import { isKnown, knownEndpoint, openNative } from './open-native.ts';
import {
  type CheckedOptions,
  checkOptions,
  type NativeDriverOptions,
  nativeDriverOptionsSchema,
} from './options.ts';
import { runTransfer } from './transfer.ts';

type Hosts = { readonly transfers: TransferHost; readonly clients: ClientHost };

let hosts: Hosts | undefined;

/** One for this JavaScript environment: they end transfers and connections when the environment ends. */
function hostsOf(addon: Addon): Hosts {
  hosts ??= { transfers: new addon.TransferHost(), clients: new addon.ClientHost() };
  return hosts;
}

function driverOn(addon: Addon, options: CheckedOptions): BlockIoDriver {
  const connect = (endpoint: NbdEndpoint, call?: Call): Promise<OpenClient> =>
    openClient(addon, hostsOf(addon).clients, endpoint, options, call);
  const openReader = async (at: BlockEndpoint, call?: Call): Promise<BlockReader> => {
    const endpoint = knownEndpoint(at);
    if (endpoint.kind === 'nbd') return new NbdReader(await connect(endpoint, call));
    return new NativeReader(await openNative(addon, endpoint, 'read', call));
  };
  return {
    specificationVersion: 'v1',
    name: 'native',
    supports: (endpoint) => isKnown(endpoint),
    openReader,
    chunker: (chunks) => createChunker(chunks, openReader, nativeChunkWork(addon, options.threads)),
    openWriter: async (at, call) => {
      const endpoint = knownEndpoint(at);
      if (endpoint.kind === 'nbd') return openOwned(await connect(endpoint, call));
      return new NativeWriter(await openNative(addon, endpoint, 'write', call));
    },
    transfer: (request, call) => runTransfer(addon, hostsOf(addon).transfers, options, request, call),
    packsZeros: true,
  };
}

/** A writer of an export, or neither. */
function openOwned(opened: OpenClient): NbdWriter {
  try {
    return new NbdWriter(opened);
  } catch (error) {
    opened.client.close();
    throw error;
  }
}

/** The native driver, or why there is none. */
export type NativeChoice =
  | { readonly driver: BlockIoDriver; readonly reason: null }
  | { readonly driver: null; readonly reason: string };

/**
 * The native driver where it loads, else the reason for which it does not. Throws `UNSUPPORTED` when `mode` is `require`
 * and it does not load, and `CONFIG_INVALID` for wrong options.
 */
export function findNativeDriver(mode: NativeMode, options: NativeDriverOptions = {}): NativeChoice {
  const checked = checkOptions(options);
  const { addon, reason } = loadAddon(mode);
  return addon === undefined ? { driver: null, reason } : { driver: driverOn(addon, checked), reason: null };
}

/**
 * Block IO on files, block devices and NBD exports in native code. Throws `UNSUPPORTED` where there is none for this platform, and
 * `CONFIG_INVALID` for wrong options.
 */
export function createNativeDriver(options: NativeDriverOptions = {}): BlockIoDriver {
  const { driver, reason } = findNativeDriver('require', options);
  if (driver === null) throw absentAddon(reason);
  return driver;
}

/** Lets a host find and configure the driver by name. */
export const plugin: Plugin<'block-io', NativeDriverOptions> = {
  kind: 'block-io',
  name: 'native',
  specificationVersion: 'v1',
  options: nativeDriverOptionsSchema,
  create: async (options) => createNativeDriver(options),
};
