import { WireReader } from './wire-reader.ts';
import { utf8Bytes, WireWriter } from './wire-writer.ts';

/** One entry of the answer to option `list`. */
export type ListedExport = { readonly name: string; readonly description: string };

/** Data of a `server` reply. */
export function encodeListedExport({ name, description }: ListedExport): Uint8Array {
  const [nameBytes, rest] = [utf8Bytes(name), utf8Bytes(description)];
  return new WireWriter(4 + nameBytes.byteLength + rest.byteLength)
    .u32(nameBytes.byteLength)
    .bytes(nameBytes)
    .bytes(rest)
    .done();
}

/** Throws `PROTOCOL_VIOLATION` for lengths that do not add up and strings that are too long. */
export function parseListedExport(data: Uint8Array): ListedExport {
  const reader = new WireReader(data, 'an entry of its list');
  const name = reader.text(reader.u32());
  return { name, description: reader.text(reader.left) };
}
