import { violation } from '@sendense/plugin-kit/nbd';
import { WireReader } from './wire-reader.ts';
import { utf8Bytes, WireWriter } from './wire-writer.ts';

/** Data of options `go` and `info`: the export, and the kinds of information (`InfoType`) that are asked for. */
export type GoOption = { readonly exportName: string; readonly infos: readonly number[] };

/** Data of options `go` and `info`. */
export function encodeGo({ exportName, infos }: GoOption): Uint8Array {
  const name = utf8Bytes(exportName);
  const writer = new WireWriter(6 + name.byteLength + infos.length * 2)
    .u32(name.byteLength)
    .bytes(name)
    .u16(infos.length);
  for (const info of infos) writer.u16(info);
  return writer.done();
}

/** Throws `PROTOCOL_VIOLATION` for lengths that do not add up; a server answers that with `errInvalid`. */
export function parseGo(data: Uint8Array): GoOption {
  const reader = new WireReader(data, 'option go');
  const exportName = reader.text(reader.u32());
  const count = reader.u16();
  if (reader.left !== count * 2) throw violation('sent option go with a wrong count', { count });
  return { exportName, infos: Array.from({ length: count }, () => reader.u16()) };
}
