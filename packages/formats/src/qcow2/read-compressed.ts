import type { FileHandle } from '@sendense/plugin-kit/files';
import type { CompressedRun } from '../chain/run.ts';
import { mapDecompressError } from '../map-error.ts';
import { decompressCluster } from './decompress-cluster.ts';
import { corrupt } from './format-error.ts';
import type { Qcow2Header } from './header.ts';

/** The file that compressed clusters are read from. */
export type CompressedFile = {
  readonly path: string;
  readonly handle: FileHandle;
  readonly header: Pick<Qcow2Header, 'compression' | 'clusterBits'>;
};

/** The guest bytes of one compressed cluster. Rejects with `CORRUPT` when the file ends inside it, or it is damaged. */
export async function readCompressed(
  { path, handle, header }: CompressedFile,
  { hostOffset, hostLength }: CompressedRun,
): Promise<Uint8Array> {
  const stored = new Uint8Array(hostLength);
  // The last sector of the file need not be padded.
  const count = await handle.read(stored, hostOffset);
  if (count === 0) throw corrupt(`a compressed cluster lies outside the file (offset ${hostOffset})`);
  try {
    return await decompressCluster(stored.subarray(0, count), header.compression, 2 ** header.clusterBits);
  } catch (error) {
    throw mapDecompressError(error, path, hostOffset);
  }
}
