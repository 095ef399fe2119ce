import { CLUSTER_BYTES } from '../digests/digest-page.ts';
import type { LocalStore } from './local-store.ts';
import { withFile } from './with-file.ts';

/** What a sidecar says of the image file itself: its length, and the digest of its first cluster (header and names). */
export type ImageHead = { readonly imageBytes: number; readonly headerBlake3: string };

/** Reads the length and the digest of the first cluster of an image file. */
export function readImageHead(store: LocalStore, path: string): Promise<ImageHead> {
  return withFile(store.fileSystem, path, 'read', async (file) => {
    const header = new Uint8Array(CLUSTER_BYTES);
    const count = await file.read(header, 0);
    const headerBlake3 = Buffer.from(store.blake3(header.subarray(0, count))).toString('hex');
    return { imageBytes: await file.size(), headerBlake3 };
  });
}
