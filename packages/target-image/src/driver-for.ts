import { createFileDriver } from '@sendense/blockio-file';
import type { BlockEndpoint, BlockIoDriver } from '@sendense/core';
import type { TargetContext } from './context.ts';

/** The host's driver for an endpoint; without one, files are reached through the file system of the context. */
export function driverFor(
  { drivers, fileSystem }: TargetContext,
  endpoint: BlockEndpoint,
  use: 'read' | 'write',
): BlockIoDriver {
  const offered = drivers.find((driver) => driver.supports(endpoint, use));
  return offered ?? createFileDriver({}, { fileSystem });
}
