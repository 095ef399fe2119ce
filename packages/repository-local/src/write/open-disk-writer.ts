import { createQcow2 } from '@sendense/formats/qcow2';
import type { ChainDigests } from '../digests/chain-digests.ts';
import { CLUSTER_BYTES, FILE_ID_BYTES } from '../digests/digest-page.ts';
import { DigestWriter } from '../digests/digest-writer.ts';
import type { LocalStore } from '../store/local-store.ts';
import { DiskWriter } from './disk-writer.ts';

/** A disk that is being written into the session's folder. */
export type PartialDisk = {
  readonly writer: DiskWriter;
  readonly imagePath: string;
  readonly digestsPath: string;
  /** Hex id of the digest file. */
  readonly digestsId: string;
  /** File name of the image below. */
  readonly backing: string | null;
};

/** Opens the writer of a disk's image and digests. */
export async function openDiskWriter(
  store: LocalStore,
  disk: { readonly sizeBytes: number; readonly backing: string | null },
  expected?: Pick<ChainDigests, 'at'>,
): Promise<PartialDisk> {
  const { session, fileSystem, blake3 } = store;
  const { sizeBytes, backing } = disk;
  const imagePath = session.path('image.partial');
  const digestsPath = session.path('digests.partial');
  const id = store.random.bytes(FILE_ID_BYTES);
  const image = await createQcow2(imagePath, {
    fileSystem,
    sizeBytes,
    clusterBytes: CLUSTER_BYTES,
    ...(backing === null ? {} : { backing: { file: backing, format: 'qcow2' } }),
  });
  try {
    const handle = await fileSystem.open(digestsPath, 'create');
    const digests = new DigestWriter({ handle, sizeBytes, id, blake3 });
    const writer = new DiskWriter({ image, digests, sizeBytes, blake3, ...(expected && { expected }) });
    return { writer, imagePath, digestsPath, digestsId: Buffer.from(id).toString('hex'), backing };
  } catch (error) {
    await image[Symbol.asyncDispose]();
    throw error;
  }
}

/** Closes a partial disk and removes what of it has no final name yet; what cannot be removed goes with the session. */
export async function removePartial(store: LocalStore, partial: PartialDisk): Promise<void> {
  try {
    await partial.writer[Symbol.asyncDispose]();
    for (const path of [partial.imagePath, partial.digestsPath]) {
      if ((await store.fileSystem.stat(path)) !== undefined) await store.fileSystem.unlink(path);
    }
  } catch {
    store.session.leaveUnfinished();
  }
}
