import { workerData } from 'node:worker_threads';
import { createNativeDriver, type NativeDriverOptions } from '@sendense/blockio-native';
import type { TransferRequest } from '@sendense/core';

// A worker that starts the transfer it is given, and sets a flag once that has begun to move.
const { request, flag, options } = workerData as {
  readonly request: TransferRequest;
  readonly flag: Int32Array;
  readonly options?: NativeDriverOptions;
};
await createNativeDriver(options).transfer?.(request, {
  onProgress: () => {
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  },
});
