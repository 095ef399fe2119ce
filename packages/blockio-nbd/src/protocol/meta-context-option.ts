import { violation } from '@sendense/plugin-kit/nbd';
import { WireReader } from './wire-reader.ts';
import { utf8Bytes, WireWriter } from './wire-writer.ts';

/** Data of options `setMetaContext` and `listMetaContext`. */
export type MetaContextQuery = { readonly exportName: string; readonly queries: readonly string[] };

/** A context that a server offers or selected; the number is valid on this connection only. */
export type MetaContext = { readonly id: number; readonly name: string };

/** Data of options `setMetaContext` and `listMetaContext`. */
export function encodeMetaContextQuery({ exportName, queries }: MetaContextQuery): Uint8Array {
  const name = utf8Bytes(exportName);
  const texts = queries.map(utf8Bytes);
  const textBytes = texts.reduce((sum, text) => sum + 4 + text.byteLength, 0);
  const writer = new WireWriter(8 + name.byteLength + textBytes)
    .u32(name.byteLength)
    .bytes(name)
    .u32(texts.length);
  for (const text of texts) writer.u32(text.byteLength).bytes(text);
  return writer.done();
}

/** Throws `PROTOCOL_VIOLATION` for lengths that do not add up; a server answers that with `errInvalid`. */
export function parseMetaContextQuery(data: Uint8Array): MetaContextQuery {
  const reader = new WireReader(data, 'a query for contexts');
  const exportName = reader.text(reader.u32());
  const count = reader.u32();
  if (count * 4 > reader.left) throw violation('sent a query for contexts with a wrong count', { count });
  const queries = Array.from({ length: count }, () => reader.text(reader.u32()));
  reader.end();
  return { exportName, queries };
}

/** Data of a `metaContext` reply. */
export function encodeMetaContext({ id, name }: MetaContext): Uint8Array {
  const text = utf8Bytes(name);
  return new WireWriter(4 + text.byteLength).u32(id).bytes(text).done();
}

/** Throws `PROTOCOL_VIOLATION` for a name that is too long or not UTF-8. */
export function parseMetaContext(data: Uint8Array): MetaContext {
  const reader = new WireReader(data, 'a context');
  return { id: reader.u32(), name: reader.text(reader.left) };
}
