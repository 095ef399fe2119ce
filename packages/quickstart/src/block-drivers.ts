import { createFileDriver } from '@sendense/blockio-file';
import { findNativeDriver } from '@sendense/blockio-native';
import type { BlockIoDriver, LogSink } from '@sendense/core';
import type { NativeMode } from '@sendense/plugin-kit';

/**
 * The block-IO drivers of an application, the fastest first. Where native code is not used, the log tells why. Throws
 * `UNSUPPORTED` when `mode` is `require` and there is none.
 */
export function createBlockDrivers(mode: NativeMode, log?: LogSink): readonly BlockIoDriver[] {
  const { driver, reason } = findNativeDriver(mode);
  if (driver !== null) return [driver, createFileDriver()];
  log?.({ level: 'info', message: 'bytes are moved by the TypeScript path', fields: { reason } });
  return [createFileDriver()];
}
