import { violation } from '@sendense/plugin-kit/nbd';
import { InfoType } from './codes.ts';
import { WireReader } from './wire-reader.ts';
import { utf8Bytes, WireWriter } from './wire-writer.ts';

/** Sizes that a server asks clients to keep to. `maxBytes` bounds payloads, not the length of trims and zeroes. */
export type BlockSizes = {
  readonly minBytes: number;
  readonly preferredBytes: number;
  readonly maxBytes: number;
};

/** One `info` reply. `sizeBytes` may exceed 2^53-1, see `WireReader.size`; `flags` are of `ExportFlag`. */
export type ExportInfo =
  | { readonly kind: 'export'; readonly sizeBytes: number; readonly flags: number }
  | { readonly kind: 'name' | 'description'; readonly text: string }
  | ({ readonly kind: 'block-size' } & BlockSizes)
  | { readonly kind: 'unknown'; readonly type: number };

/** Data of an `info` reply. */
export function encodeInfo(info: Exclude<ExportInfo, { kind: 'unknown' }>): Uint8Array {
  if (info.kind === 'export') {
    return new WireWriter(12).u16(InfoType.export).u64(info.sizeBytes).u16(info.flags).done();
  }
  if (info.kind === 'block-size') {
    const { minBytes, preferredBytes, maxBytes } = info;
    return new WireWriter(14).u16(InfoType.blockSize).u32(minBytes).u32(preferredBytes).u32(maxBytes).done();
  }
  const text = utf8Bytes(info.text);
  return new WireWriter(2 + text.byteLength).u16(InfoType[info.kind]).bytes(text).done();
}

/** Throws `PROTOCOL_VIOLATION` for information of a wrong length or block sizes that the protocol forbids. */
export function parseInfo(data: Uint8Array): ExportInfo {
  const reader = new WireReader(data, 'information about the export');
  const type = reader.u16();
  const info = parseBody(type, reader);
  if (info.kind !== 'unknown') reader.end();
  return info;
}

function parseBody(type: number, reader: WireReader): ExportInfo {
  switch (type) {
    case InfoType.export:
      return { kind: 'export', sizeBytes: reader.size(), flags: reader.u16() };
    case InfoType.name:
      return { kind: 'name', text: reader.text(reader.left) };
    case InfoType.description:
      return { kind: 'description', text: reader.text(reader.left) };
    case InfoType.blockSize:
      return { kind: 'block-size', ...parseBlockSizes(reader) };
    default:
      return { kind: 'unknown', type };
  }
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value));
}

/** The bounds are those of "Size constraints" in the specification; the floor of 512 for `preferredBytes` is not enforced. */
function parseBlockSizes(reader: WireReader): BlockSizes {
  const sizes = { minBytes: reader.u32(), preferredBytes: reader.u32(), maxBytes: reader.u32() };
  const { minBytes, preferredBytes, maxBytes } = sizes;
  const sound =
    isPowerOfTwo(minBytes) &&
    minBytes <= 65_536 &&
    isPowerOfTwo(preferredBytes) &&
    preferredBytes >= minBytes &&
    maxBytes >= minBytes;
  if (!sound) {
    throw violation(`asks for impossible block sizes (${minBytes}, ${preferredBytes}, ${maxBytes})`, sizes);
  }
  return sizes;
}
