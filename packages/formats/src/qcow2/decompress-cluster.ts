import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { corrupt, unsupported } from './format-error.ts';
import { zstdFrameBytes } from './zstd-frame.ts';

const inflateRaw = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.inflateRaw);

/** Deflate windows of QCOW2: 4 KiB. */
export const DEFLATE_WINDOW_BITS = 12;
/** Zstandard windows are at most 8 MiB: more than any cluster, and a bound on what a hostile frame can allocate. */
const ZSTD_WINDOW_BITS = 23;

/** Whether this Node has Zstandard (22.15 and later). */
export function hasZstd(): boolean {
  return typeof zlib.zstdDecompress === 'function';
}

/** Decompresses one cluster from `stored`, whose tail has no meaning. Rejects with `CORRUPT` when it is not one whole cluster. */
export async function decompressCluster(
  stored: Uint8Array,
  compression: 'zlib' | 'zstd',
  clusterBytes: number,
): Promise<Uint8Array> {
  const plain =
    compression === 'zlib' ? await inflate(stored, clusterBytes) : await unzstd(stored, clusterBytes);
  if (plain.byteLength !== clusterBytes) throw corrupt('a compressed cluster is shorter than a cluster');
  return plain;
}

function inflate(stored: Uint8Array, clusterBytes: number): Promise<Uint8Array> {
  return inflateRaw(stored, { windowBits: DEFLATE_WINDOW_BITS, maxOutputLength: clusterBytes });
}

function unzstd(stored: Uint8Array, clusterBytes: number): Promise<Uint8Array> {
  if (!hasZstd()) throw unsupported('holds zstd-compressed clusters', 'run on Node 22.15 or newer');
  const frame = stored.subarray(0, zstdFrameBytes(stored));
  const options: zlib.ZstdOptions = {
    maxOutputLength: clusterBytes,
    params: { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_BITS },
  };
  return promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress)(frame, options);
}
