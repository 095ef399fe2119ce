import type { BlockIoDriver } from '@sendense/core';
import { readNativeMode } from '@sendense/plugin-kit';
import { createBlockDrivers } from '@sendense/quickstart';

/** The drivers of an application, as `SENDENSE_NATIVE` asks for them: what a test suite that runs in both ways gives its subject. */
export function chosenDrivers(): readonly BlockIoDriver[] {
  return createBlockDrivers(readNativeMode());
}
