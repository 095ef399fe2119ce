import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { isWorthwhile } from '../compress/is-worthwhile.ts';
import { PACKED_CHUNK } from '../compress/zlib-options.ts';
import { DEFLATE_WINDOW_BITS } from './decompress-cluster.ts';

const deflateRaw = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.deflateRaw);

/** A cluster of a compressed image. */
export type PackedCluster = {
  /** Offset on the disk. */
  readonly offset: number;
  readonly plain: Uint8Array;
  /** `undefined` where it is stored as it is. */
  readonly packed: Uint8Array | undefined;
};

/** Compresses one cluster where that makes it smaller; zlib does not even try where a sample of it says otherwise. */
export async function packCluster(
  cluster: { readonly offset: number; readonly plain: Uint8Array },
  compression: 'zlib' | 'zstd',
  clusterBytes: number,
): Promise<PackedCluster> {
  return { ...cluster, packed: await compress(cluster.plain, compression, clusterBytes) };
}

/** `undefined` for what does not become smaller. A short last cluster is filled up with zeros. */
async function compress(
  data: Uint8Array,
  compression: 'zlib' | 'zstd',
  clusterBytes: number,
): Promise<Uint8Array | undefined> {
  let plain = data;
  if (data.byteLength < clusterBytes) {
    plain = new Uint8Array(clusterBytes);
    plain.set(data);
  }
  // zstd sees by itself, and at once, that it can do nothing.
  if (compression === 'zlib' && !isWorthwhile(plain)) return undefined;
  const packed =
    compression === 'zlib'
      ? await deflateRaw(plain, { ...PACKED_CHUNK, windowBits: DEFLATE_WINDOW_BITS, memLevel: 9 })
      : await promisify<Uint8Array, Buffer>(zlib.zstdCompress)(plain);
  return packed.byteLength < clusterBytes ? packed : undefined;
}
