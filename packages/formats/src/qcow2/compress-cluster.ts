import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { DEFLATE_WINDOW_BITS } from './decompress-cluster.ts';

const deflateRaw = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.deflateRaw);

/** One cluster compressed, or `undefined` when that does not make it smaller. A short last cluster is filled up with zeros. */
export async function compressCluster(
  data: Uint8Array,
  compression: 'zlib' | 'zstd',
  clusterBytes: number,
): Promise<Uint8Array | undefined> {
  let plain = data;
  if (data.byteLength < clusterBytes) {
    plain = new Uint8Array(clusterBytes);
    plain.set(data);
  }
  const packed =
    compression === 'zlib'
      ? await deflateRaw(plain, { windowBits: DEFLATE_WINDOW_BITS, memLevel: 9 })
      : await promisify<Uint8Array, Buffer>(zlib.zstdCompress)(plain);
  return packed.byteLength < clusterBytes ? packed : undefined;
}
