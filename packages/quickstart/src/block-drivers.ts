import { createFileDriver } from '@sendense/blockio-file';
import { findNativeDriver } from '@sendense/blockio-native';
import { createNbdDriver } from '@sendense/blockio-nbd';
import type { BlockIoDriver, LogSink } from '@sendense/core';
import type { NativeMode } from '@sendense/plugin-kit';

/**
 * The block-IO drivers of an application, the fastest first: for each endpoint the first counts that supports it. Files and
 * devices are opened with native code and without, NBD exports too. Where native code is not used, the log tells why. Throws
 * `UNSUPPORTED` when `mode` is `require` and there is none.
 */
export function createBlockDrivers(mode: NativeMode, log?: LogSink): readonly BlockIoDriver[] {
  const portable = [createFileDriver(), createNbdDriver({}, log === undefined ? {} : { log })];
  const { driver, reason } = findNativeDriver(mode);
  if (driver !== null) return [driver, ...portable];
  log?.({ level: 'info', message: 'bytes are moved by the TypeScript path', fields: { reason } });
  return portable;
}
