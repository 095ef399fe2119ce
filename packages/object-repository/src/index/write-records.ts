import { CHUNK_KINDS, ENTRY_BYTES, ID_BYTES } from '../packs/pack-directory.ts';
import { MAX_PACK_BYTES, PACK_HEADER_BYTES } from '../packs/pack-layout.ts';
import { PACK_BYTES } from './index-object.ts';
import { PACK_ID_BYTES, RECORD_BYTES } from './table-page.ts';

/**
 * Writes the records of the content of an index object; gives how many bytes they take, `undefined` for what
 * `parseIndex` would refuse. It does what that does without an object for each chunk: an index is loaded by millions of them.
 */
export function writeRecords(content: Uint8Array, into: Buffer): number | undefined {
  const view = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (view.byteLength < 4) return undefined;
  let [at, out] = [4, 0];
  for (let left = view.readUInt32LE(0); left > 0; left -= 1) {
    if (at + PACK_BYTES > view.byteLength) return undefined;
    const pack = at;
    const sizeBytes = view.readUInt32LE(at + PACK_ID_BYTES);
    const end = at + PACK_BYTES + view.readUInt32LE(at + PACK_ID_BYTES + 4) * ENTRY_BYTES;
    if (end > view.byteLength || sizeBytes > MAX_PACK_BYTES) return undefined;
    let offset = PACK_HEADER_BYTES;
    for (at += PACK_BYTES; at < end; at += ENTRY_BYTES) {
      const length = view.readUInt32LE(at + ID_BYTES);
      if (length === 0 || view.readUInt8(at + ID_BYTES + 4) > CHUNK_KINDS.artifact) return undefined;
      view.copy(into, out, at, at + ID_BYTES);
      view.copy(into, out + ID_BYTES, pack, pack + PACK_ID_BYTES);
      into.writeUInt32LE(offset, out + ID_BYTES + PACK_ID_BYTES);
      into.writeUInt32LE(length, out + ID_BYTES + PACK_ID_BYTES + 4);
      offset += length;
      out += RECORD_BYTES;
    }
    if (offset > sizeBytes) return undefined;
  }
  return at === view.byteLength ? out : undefined;
}
