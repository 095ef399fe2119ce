import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

/** What the first byte of a body says of the rest. */
const PLAIN = 0;
const ZSTD = 1;

/** So much from the middle of a chunk is tried before all of it is compressed. */
const SAMPLE_BYTES = 16 * 1024;
/** A sample that shrinks by less than its sixteenth part is as good as random: so is the chunk, and stored as it is. */
const WORTH = 15 / 16;
const SAMPLE_LEVEL = 1;

const compress = promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdCompress);
const decompress = promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress);

/** A zstd frame (RFC 8878) that states its content size. */
function zstd(data: Uint8Array, level: number): Promise<Buffer> {
  const params = { [zlib.constants.ZSTD_c_compressionLevel]: level };
  return compress(data, { params, pledgedSrcSize: data.byteLength });
}

async function isCompressible(chunk: Uint8Array): Promise<boolean> {
  if (chunk.byteLength <= SAMPLE_BYTES) return true;
  const start = Math.floor((chunk.byteLength - SAMPLE_BYTES) / 2);
  const sample = await zstd(chunk.subarray(start, start + SAMPLE_BYTES), SAMPLE_LEVEL);
  return sample.byteLength <= SAMPLE_BYTES * WORTH;
}

/** A chunk as it is stored before it is encrypted: one byte for how, then the chunk itself or its zstd frame. */
export async function encodeBody(chunk: Uint8Array, level: number): Promise<Uint8Array> {
  if (await isCompressible(chunk)) {
    const frame = await zstd(chunk, level);
    if (frame.byteLength < chunk.byteLength) return Buffer.concat([Uint8Array.of(ZSTD), frame]);
  }
  return Buffer.concat([Uint8Array.of(PLAIN), chunk]);
}

/** The chunk of a body. Throws for anything that `encodeBody` does not make, and for more than `chunkBytes`. */
export async function decodeBody(body: Uint8Array, chunkBytes: number): Promise<Uint8Array> {
  const [kind] = body;
  const stored = body.subarray(1);
  if (kind === ZSTD) return decompress(stored, { maxOutputLength: chunkBytes });
  if (kind !== PLAIN) throw new TypeError(`a chunk is stored in the unknown way ${kind}`);
  if (stored.byteLength > chunkBytes) throw new TypeError(`a chunk has ${stored.byteLength} bytes`);
  return stored;
}
