import { corrupt } from './format-error.ts';

const FRAME_MAGIC = 0xfd2fb528;
/** Bytes of the dictionary id and of the content size by their flags (RFC 8878, 3.1.1.1). */
const DICTIONARY_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const RLE_BLOCK = 1;

/**
 * Length of the Zstandard frame (RFC 8878) at the start of `bytes`, found from its block headers: Node's decoder
 * refuses the padding that follows a frame in a sector. Throws `CORRUPT` when the frame reaches past `bytes`.
 */
export function zstdFrameBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 6 || view.getUint32(0, true) !== FRAME_MAGIC) {
    throw corrupt('a compressed cluster is not a Zstandard frame');
  }
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >>> 6;
  const sizeBytes = sizeFlag === 0 && singleSegment ? 1 : (CONTENT_SIZE_BYTES[sizeFlag] ?? 0);
  let at = 5 + (singleSegment ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] ?? 0) + sizeBytes;
  for (let last = false; !last; ) {
    if (at + 3 > bytes.byteLength) throw corrupt('a Zstandard frame ends outside its sectors');
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    last = (header & 1) === 1;
    at += 3 + (((header >>> 1) & 3) === RLE_BLOCK ? 1 : header >>> 3);
  }
  if (descriptor & 4) at += 4;
  if (at > bytes.byteLength) throw corrupt('a Zstandard frame ends outside its sectors');
  return at;
}
