import { createFileDriver } from '@sendense/blockio-file';
import type { BlockReader } from '@sendense/core';
import { browsePoint, type FilesOptions } from '../src/index.ts';
import { pointOf } from './support/raw-point.ts';

/** Ends by `process.exit(7)` while it reads a file of a disk whose bytes do not come any more: `exit-process.ts OPTIONS DISK FILE`. */
const [options = '', disk = '', file = ''] = process.argv.slice(2);
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
const found = await session.find(file);
isSilent = true;
void session.bytes(found, { offset: 0, length: found.stat.sizeBytes }).next();
await asked.promise;
process.exit(7);
