import type { BlockIoDriver, Plugin } from '@sendense/core';
import type { NativeMode } from '@sendense/plugin-kit';
import type { Addon, TransferHost } from './addon.ts';
import { absentAddon, loadAddon } from './load-addon.ts';
import { NativeReader } from './native-reader.ts';
import { NativeWriter } from './native-writer.ts';
import { isFileEndpoint, openNative } from './open-native.ts';
import {
  type CheckedOptions,
  checkOptions,
  type NativeDriverOptions,
  nativeDriverOptionsSchema,
} from './options.ts';
import { runTransfer } from './transfer.ts';

let host: TransferHost | undefined;

/** One for this JavaScript environment: it ends the transfers when the environment ends. */
function hostOf(addon: Addon): TransferHost {
  host ??= new addon.TransferHost();
  return host;
}

function driverOn(addon: Addon, options: CheckedOptions): BlockIoDriver {
  return {
    specificationVersion: 'v1',
    name: 'native',
    supports: (endpoint) => isFileEndpoint(endpoint),
    openReader: async (endpoint, call) => new NativeReader(await openNative(addon, endpoint, 'read', call)),
    openWriter: async (endpoint, call) => new NativeWriter(await openNative(addon, endpoint, 'write', call)),
    transfer: (request, call) => runTransfer(addon, hostOf(addon), options, request, call),
  };
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
 * Block IO on files and block devices in native code. Throws `UNSUPPORTED` where there is none for this platform, and
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
