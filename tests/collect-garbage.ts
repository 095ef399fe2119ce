import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/**
 * Collects what is garbage, for tests that count what is held. V8 frees the buffers of a collection on a thread of its own and
 * counts them until that is done: the second collection waits for it.
 */
export function collectGarbage(): void {
  collect();
  collect();
}

/** Bytes of memory in use by objects and buffers of JavaScript, once nothing is left to collect. */
export function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
