import type { BlockReader, Call } from '@sendense/core';
import { createDatastoreFiles, parseDatastorePath } from '@sendense/platform-vmware';
import type { RestoreScope } from './restore-scope.ts';

/** What is read of a datastore at once. */
const MAX_READ_BYTES = 1024 * 1024;

/** A reader of the flat disk `[datastore] folder/name.vmdk`, by the file service: what the datastore holds, not what was sent. */
export async function openStaged(
  { client, details, context }: RestoreScope,
  file: string,
  sizeBytes: number,
  call?: Call,
): Promise<BlockReader> {
  const { timer, random } = context;
  const files = createDatastoreFiles(client, { timer, random });
  const path = parseDatastorePath(file.replace(/\.vmdk$/, '-flat.vmdk'));
  const flat = { ...path, datacenter: details.datacenterPath };
  // tells at once where it is missing
  await files.size(flat, call);
  return {
    sizeBytes,
    limits: { alignmentBytes: 1, maxBytes: MAX_READ_BYTES, maxInFlight: 4, order: 'random' },
    read: (offset, into, options) => files.read(flat, offset, into, options),
    async *extents({ offset, length }) {
      if (length > 0) yield { offset, length, kind: 'data' };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
