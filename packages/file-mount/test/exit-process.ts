import { createFileDriver } from '@sendense/blockio-file';
import type { BlockReader } from '@sendense/core';
import { browsePoint, type FilesOptions } from '../src/index.ts';
import { pointOf } from './support/raw-point.ts';

/**
 * Looks at the first file of a disk, then at the last one while the bytes do not come any more, and ends by `process.exit(7)` meanwhile, or
 * tells it and stays: `exit-process.ts OPTIONS DISK FIRST LAST exit|stay`.
 */
const [options = '', disk = '', first = '', last = '', end = ''] = process.argv.slice(2);
const inner = await createFileDriver().openReader({ kind: 'file', path: disk });
const asked = Promise.withResolvers<void>();
let isSilent = false;
const reader: BlockReader = {
  sizeBytes: inner.sizeBytes,
  limits: inner.limits,
  async read(offset, into, call) {
    if (!isSilent) return inner.read(offset, into, call);
    asked.resolve();
    await new Promise(() => undefined);
  },
  extents: (range, call) => inner.extents(range, call),
  [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
};
const session = await browsePoint(pointOf([reader]), JSON.parse(options) as FilesOptions);
await session.stat(first);
isSilent = true;
session.stat(last).catch(() => undefined);
await asked.promise;
if (end === 'exit') process.exit(7);
process.stdout.write('reading');
