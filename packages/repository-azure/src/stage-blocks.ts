import type { BlockBlobUploadOptions } from '@azure/storage-blob';
import type { Call } from '@sendense/core';
import { sendInParts } from '@sendense/object-repository/remote';
import type { Container } from './container.ts';
import { md5 } from './get-blob.ts';

/** What a blob is made with, whichever way its bytes come. */
export type NewBlob = Pick<
  BlockBlobUploadOptions,
  'conditions' | 'metadata' | 'blobHTTPHeaders' | 'tier' | 'immutabilityPolicy'
>;

/**
 * Sends the bytes of a blob in blocks; nothing is to be seen before they are committed. Their names hold the creation, so
 * that two writers of one key never mix theirs. Blocks that are never committed are removed by the service after a week.
 */
export async function stageBlocks(
  container: Container,
  key: string,
  body: Uint8Array,
  creation: string,
  call?: Call,
): Promise<readonly string[]> {
  const client = container.blob(key);
  const operation = 'upload-part';
  return sendInParts(body, container.settings.partBytes, call, async (bytes, index, inner) => {
    const id = Buffer.from(`${creation}-${String(index).padStart(5, '0')}`).toString('base64');
    const transactionalContentMD5 = md5(bytes);
    await container.request(
      { operation, key, bytes: bytes.byteLength },
      (abortSignal) =>
        client.stageBlock(id, bytes, bytes.byteLength, { transactionalContentMD5, abortSignal }),
      inner,
    );
    return id;
  });
}
