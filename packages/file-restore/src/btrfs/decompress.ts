import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { damaged, notSupported } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { decompressLzo1x } from './lzo1x.ts';
import { zstdFrameBytes } from './zstd-frame.ts';

/** What an extent holds before and after it is compressed, at most. */
export const MOST_COMPRESSED = 128 * 1024;
/** Windows of Zstandard are no larger than an extent. */
const ZSTD_WINDOW_BITS = 17;
const LENGTH_BYTES = 4;

const inflate = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.inflate);

type Decompress = (stored: Uint8Array, size: number, sectorBytes: number) => Promise<Uint8Array>;

/** By the number that an extent gives; 0 is not compressed. */
const KINDS: readonly (Decompress | undefined)[] = [
  undefined,
  (stored, size) => inflate(stored, { maxOutputLength: size }),
  async (stored, size, sectorBytes) => decompressLzo(stored, size, sectorBytes),
  (stored, size) => unzstd(stored, size),
];

/**
 * The `size` bytes of an extent of which `stored` is left, with what lies behind it in its last sector; what it does not fill is zeros.
 * Rejects with `CORRUPT`, and `FORMAT_UNSUPPORTED` for a way of compressing that is not known.
 */
export async function decompressExtent(
  kind: number,
  stored: Uint8Array,
  size: number,
  sectorBytes: number,
): Promise<Uint8Array> {
  const decompress = KINDS[kind];
  if (decompress === undefined)
    throw notSupported(`data of btrfs are compressed in a way that is not known (${kind})`);
  if (size > MOST_COMPRESSED || stored.byteLength > MOST_COMPRESSED)
    throw damaged('a compressed extent is larger than any');
  const plain = await decompress(stored, size, sectorBytes).catch((error: unknown) => {
    if (!isOfZlib(error)) throw error;
    throw damaged(`a compressed extent is damaged: ${error.message}`);
  });
  if (plain.byteLength === size) return plain;
  const whole = new Uint8Array(size);
  whole.set(plain);
  return whole;
}

/** What the decoders of Node say of data, and of data that are longer than they may be. */
function isOfZlib(error: unknown): error is Error {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return /^(?:Z_|ZSTD_|ERR_BUFFER_TOO_LARGE$)/u.test(String(error.code));
}

function unzstd(stored: Uint8Array, size: number): Promise<Uint8Array> {
  const options: zlib.ZstdOptions = {
    maxOutputLength: size,
    params: { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_BITS },
  };
  // its decoder refuses the rest of the last sector
  const frame = stored.subarray(0, zstdFrameBytes(stored));
  return promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress)(frame, options);
}

/** A length of all, then sector by sector the length of what it was compressed to and that; what no length has room in at the end of a sector is skipped. */
function decompressLzo(stored: Uint8Array, size: number, sectorBytes: number): Uint8Array {
  const fields = new Fields(stored);
  const out = new Uint8Array(size);
  const total = stored.byteLength < LENGTH_BYTES ? 0 : fields.u32(0);
  if (total > stored.byteLength) throw damaged('data of LZO are longer than their extent');
  let done = 0;
  for (let at = LENGTH_BYTES; at < total && done < size; ) {
    const begin = at + LENGTH_BYTES;
    const end = begin > total ? begin : begin + fields.u32(at);
    if (end > total) throw damaged('data of LZO end early');
    done += decompressLzo1x(stored.subarray(begin, end), out.subarray(done, done + sectorBytes));
    const left = sectorBytes - (end % sectorBytes);
    // behind the last one as well, where it is counted
    at = left < LENGTH_BYTES ? end + left : end;
  }
  return out;
}
